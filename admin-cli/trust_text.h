// The trust file as text (node/app/trust_file.h says its form): made by `pki init`, one [[node]]
// added by each `pki issue`. Pure.

#ifndef TJ_ADMIN_CLI_TRUST_TEXT_H_
#define TJ_ADMIN_CLI_TRUST_TEXT_H_

#include <string>
#include <vector>

namespace tj::cli {

struct TrustEntry {
  std::string code;
  std::string name;
  std::string parent;  // empty at the top
  std::vector<std::string> regions;
  std::string signing_pem;
  std::string encryption_pem;
  std::string tls_key_hex;
};

// The head of the file.
std::string TrustHeader(const std::string& record_root_pem);
std::string TrustEntryText(const TrustEntry& entry);

}  // namespace tj::cli

#endif  // TJ_ADMIN_CLI_TRUST_TEXT_H_
