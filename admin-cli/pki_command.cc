#include <sys/stat.h>

#include <cstdio>
#include <filesystem>

#include "admin-cli/context.h"
#include "admin-cli/files.h"
#include "admin-cli/trust_text.h"
#include "crypto/issue.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::cli {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kPublicMode = 0644;
constexpr unsigned kSecretMode = 0600;
// A root outlives ten years of service; a node's certificates are renewed well before theirs end.
constexpr int kRootDays = 20 * 365;
constexpr int kNodeDays = 3 * 365;

struct Options {
  std::string dir = "pki";
  std::string passphrase_file;
  std::string node;
  std::string name;
  std::string parent;
  std::vector<std::string> regions;
  std::string out;
};

crypto::Validity From(Instant now, int days) {
  // An hour back, so that a node whose clock is a little behind accepts it.
  return {now - Duration(3'600'000), now + Duration(int64_t{days} * 86'400'000)};
}

absl::StatusOr<std::string> Passphrase(const Options& options) {
  if (options.passphrase_file.empty()) return std::string();
  TJ_ASSIGN_OR_RETURN(std::string text, ReadFile(options.passphrase_file));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return Error(ErrorCode::kCryptoKey, Cat(options.passphrase_file, ": is empty"));
  return text;
}

absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) fs::permissions(path, fs::perms(0700), error);
  return error ? Error(ErrorCode::kFile, Cat(path, ": ", error.message())) : absl::OkStatus();
}

absl::Status WritePair(const std::string& stem, const crypto::Issued& issued) {
  TJ_RETURN_IF_ERROR(WriteFile(stem + ".pem", issued.certificate_pem, kPublicMode, true));
  return WriteFile(stem + ".key", issued.key_pem, kSecretMode, true);
}

absl::Status Init(const Options& options) {
  TJ_RETURN_IF_ERROR(MakeFolder(options.dir));
  TJ_ASSIGN_OR_RETURN(const std::string passphrase, Passphrase(options));
  const Instant now = SystemClock().Now();
  TJ_ASSIGN_OR_RETURN(const crypto::Issued record,
                      crypto::MakeRoot(crypto::KeyKind::kSm2, "Tongjian record root",
                                       From(now, kRootDays), passphrase));
  TJ_ASSIGN_OR_RETURN(const crypto::Issued tls,
                      crypto::MakeRoot(crypto::KeyKind::kP256, "Tongjian TLS root",
                                       From(now, kRootDays), passphrase));
  TJ_RETURN_IF_ERROR(WritePair(options.dir + "/record-root", record));
  TJ_RETURN_IF_ERROR(WritePair(options.dir + "/tls-root", tls));
  return WriteFile(options.dir + "/trust.toml", TrustHeader(record.certificate_pem), kPublicMode,
                   true);
}

// The three certificates of a node under the two roots, and what the trust file says of it.
absl::Status Issue(const Options& options) {
  TJ_ASSIGN_OR_RETURN(const NodeCode node, NodeCode::Parse(options.node));
  if (!options.parent.empty()) TJ_RETURN_IF_ERROR(NodeCode::Parse(options.parent).status());
  for (const std::string& region : options.regions) {
    TJ_RETURN_IF_ERROR(RegionCode::Parse(region).status());
  }
  const std::string name = options.name.empty() ? options.node : options.name;
  if (!IsUtf8Text(name) || name.find_first_of("\n\r\t") != std::string::npos) {
    return Error(ErrorCode::kValueText, "--name");
  }
  TJ_ASSIGN_OR_RETURN(const std::string passphrase, Passphrase(options));
  TJ_ASSIGN_OR_RETURN(std::string trust, ReadFile(options.dir + "/trust.toml"));
  if (trust.find(Cat("\ncode = \"", node.text(), "\"")) != std::string::npos) {
    return Error(ErrorCode::kExists, Cat(node.text(), " is in ", options.dir, "/trust.toml"));
  }
  const std::string out = options.out.empty() ? options.dir + "/" + node.text() : options.out;
  TJ_RETURN_IF_ERROR(MakeFolder(out));

  const crypto::Validity validity = From(SystemClock().Now(), kNodeDays);
  TrustEntry entry{.code = node.text(),
                   .name = name,
                   .parent = options.parent,
                   .regions = options.regions,
                   .signing_pem = {},
                   .encryption_pem = {},
                   .tls_key_hex = {}};
  if (entry.regions.empty()) entry.regions.emplace_back(node.region());
  struct Wanted {
    const char* stem;
    const char* root;
    crypto::Purpose purpose;
    // gRPC cannot ask for a passphrase: the channel's key is protected by its mode.
    bool encrypted;
  };
  for (const Wanted& wanted :
       {Wanted{"sign", "record-root", crypto::Purpose::kRecordSigning, true},
        Wanted{"enc", "record-root", crypto::Purpose::kRecordEncryption, true},
        Wanted{"tls", "tls-root", crypto::Purpose::kTls, false}}) {
    const std::string root = options.dir + "/" + wanted.root;
    TJ_ASSIGN_OR_RETURN(const std::string root_pem, ReadFile(root + ".pem"));
    TJ_ASSIGN_OR_RETURN(const std::string root_key, ReadFile(root + ".key"));
    TJ_ASSIGN_OR_RETURN(const crypto::Issued issued,
                        crypto::IssueForNode(root_pem, root_key, passphrase, node, wanted.purpose,
                                             validity, wanted.encrypted ? passphrase : ""));
    TJ_RETURN_IF_ERROR(WritePair(out + "/" + wanted.stem, issued));
    TJ_RETURN_IF_ERROR(WriteFile(out + "/" + wanted.root + ".pem", root_pem, kPublicMode, false));
    if (wanted.purpose == crypto::Purpose::kRecordSigning)
      entry.signing_pem = issued.certificate_pem;
    if (wanted.purpose == crypto::Purpose::kRecordEncryption)
      entry.encryption_pem = issued.certificate_pem;
    if (wanted.purpose == crypto::Purpose::kTls) {
      TJ_ASSIGN_OR_RETURN(const auto certificate,
                          crypto::Certificate::FromPem(issued.certificate_pem));
      entry.tls_key_hex = certificate.KeyFingerprint().Hex();
    }
  }
  trust += TrustEntryText(entry);
  // Written beside and renamed, so that a node never reads half a file.
  TJ_RETURN_IF_ERROR(WriteFile(options.dir + "/trust.toml.new", trust, kPublicMode, false));
  std::error_code error;
  fs::rename(options.dir + "/trust.toml.new", options.dir + "/trust.toml", error);
  return error ? Error(ErrorCode::kFile, Cat(options.dir, "/trust.toml: ", error.message()))
               : absl::OkStatus();
}

void Report(const absl::Status& status, const std::string& text, Context& context) {
  if (!status.ok()) return context.Fail(status);
  if (context.json()) {
    std::printf("{\"ok\":true}\n");
  } else {
    std::printf("%s\n", text.c_str());
  }
}

}  // namespace

void AddPki(CLI::App& app, Context& context) {
  CLI::App* pki = app.add_subcommand("pki", "根证书与节点证书 roots and node certificates");
  pki->require_subcommand(1);
  auto options = std::make_shared<Options>();

  CLI::App* init = pki->add_subcommand(
      "init",
      "建立两个根 (SM2 用于记录, ECDSA 用于 TLS) 和信任文件 make two roots and a trust file\n"
      "例 example: tongjianctl pki init --dir pki --passphrase-file pass.txt");
  CLI::App* issue = pki->add_subcommand(
      "issue",
      "为节点签发签名、加密、TLS 证书 issue a node's signing, encryption and TLS certificates\n"
      "例 example: tongjianctl pki issue --dir pki --node 370826 --name 微山县 --parent 370800");
  for (CLI::App* command : {init, issue}) {
    command->add_option("--dir", options->dir, "根所在目录 folder of the roots; default pki");
    command->add_option(
        "--passphrase-file", options->passphrase_file,
        "口令文件; 不给则私钥不加密 file with the passphrase; without it keys are not encrypted");
  }
  issue->add_option("--node", options->node, "节点编号 node code")->required();
  issue->add_option("--name", options->name, "名称 name");
  issue->add_option("--parent", options->parent, "上级节点 node above; absent at the top");
  issue->add_option("--region", options->regions, "所辖区划 regions; default the code's own");
  issue->add_option("--out", options->out,
                    "输出目录 folder for the node's files; default DIR/NODE");
  init->callback([options, &context] {
    Report(Init(*options),
           "已建立 made " + options->dir + ". 下一步 next: tongjianctl pki issue --dir " +
               options->dir + " --node CODE",
           context);
  });
  issue->callback([options, &context] {
    Report(Issue(*options),
           "已签发 issued. 信任文件已更新, 请分发 trust file updated, give it to every node: " +
               options->dir + "/trust.toml",
           context);
  });
}

}  // namespace tj::cli
