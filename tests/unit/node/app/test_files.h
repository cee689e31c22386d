// Files for tests of node/app: a folder removed at the end, certificates of a made-up authority,
// and what the trust file says of them. Any thread.

#ifndef TJ_TESTS_UNIT_NODE_APP_TEST_FILES_H_
#define TJ_TESTS_UNIT_NODE_APP_TEST_FILES_H_

#include <fstream>
#include <string>
#include <string_view>

#include "admin-cli/trust_text.h"
#include "crypto/certificate.h"
#include "crypto/issue.h"
#include "protocol/vocab/check.h"
#include "tests/unit/node/store/temp_folder.h"

namespace tj::app {

inline constexpr Instant kTestNow{1'795'334'400'000};  // 2026-11-22

class TestFolder {
 public:
  std::string Write(const char* name, std::string_view text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  const std::string& path() const { return folder_.path(); }

 private:
  store::TempFolder folder_;
};

class TestIssuer {
 public:
  TestIssuer()
      : record_(Checked(crypto::MakeRoot(crypto::KeyKind::kSm2, "record", kValidity, ""))),
        tls_(Checked(crypto::MakeRoot(crypto::KeyKind::kP256, "tls", kValidity, ""))) {}

  const std::string& record_root() const { return record_.certificate_pem; }
  const std::string& tls_root() const { return tls_.certificate_pem; }
  crypto::Issued Issue(const char* code, crypto::Purpose purpose) const {
    const crypto::Issued& root = purpose == crypto::Purpose::kTls ? tls_ : record_;
    return Checked(crypto::IssueForNode(root.certificate_pem, root.key_pem, "",
                                        *NodeCode::Parse(code), purpose, kValidity, ""));
  }
  cli::TrustEntry Entry(const char* code, const char* parent, const char* name) const {
    const auto tls =
        crypto::Certificate::FromPem(Issue(code, crypto::Purpose::kTls).certificate_pem);
    TJ_CHECK(tls.ok());
    return {.code = code,
            .name = name,
            .parent = parent,
            .regions = {std::string(code).substr(0, 6)},
            .signing_pem = Issue(code, crypto::Purpose::kRecordSigning).certificate_pem,
            .encryption_pem = Issue(code, crypto::Purpose::kRecordEncryption).certificate_pem,
            .tls_key_hex = tls->KeyFingerprint().Hex()};
  }

 private:
  static constexpr crypto::Validity kValidity{Instant{1'767'225'600'000},
                                              Instant{1'893'456'000'000}};  // 2026 to 2030
  static crypto::Issued Checked(absl::StatusOr<crypto::Issued> issued) {
    TJ_CHECK(issued.ok());
    return *std::move(issued);
  }
  const crypto::Issued record_;
  const crypto::Issued tls_;
};

}  // namespace tj::app

#endif  // TJ_TESTS_UNIT_NODE_APP_TEST_FILES_H_
