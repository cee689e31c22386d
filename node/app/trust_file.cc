#include "node/app/trust_file.h"

#include <utility>
#include <vector>

#include "node/app/toml_reader.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::app {
namespace {

std::vector<crypto::Certificate> Certificates(TomlReader& toml, std::string_view key) {
  std::vector<crypto::Certificate> certificates;
  for (const std::string& pem : toml.Texts(key)) {
    auto certificate = crypto::Certificate::FromPem(pem);
    if (certificate.ok()) {
      certificates.push_back(*std::move(certificate));
    } else {
      toml.Problem(key, Describe(certificate.status()));
    }
  }
  return certificates;
}

std::optional<NodeCode> Code(TomlReader& toml, std::string_view key, bool required) {
  const auto text = toml.Text(key, required);
  if (!text) return std::nullopt;
  auto code = NodeCode::Parse(*text);
  if (code.ok()) return *std::move(code);
  toml.Problem(key, Cat("not a node code (", *text, ")"));
  return std::nullopt;
}

std::optional<crypto::TrustedNode> ReadNode(TomlReader& toml) {
  const auto code = Code(toml, "code", true);
  if (!code) return std::nullopt;
  crypto::TrustedNode node{.code = *code};
  node.parent = Code(toml, "parent", false);
  node.name = toml.Text("name").value_or(code->text());
  for (const std::string& text : toml.Texts("regions")) {
    auto region = RegionCode::Parse(text);
    if (region.ok()) {
      node.regions.push_back(*std::move(region));
    } else {
      toml.Problem("regions", Cat("not a region code (", text, ")"));
    }
  }
  node.epoch = Epoch{static_cast<uint32_t>(toml.Integer("epoch", 1, UINT32_MAX).value_or(1))};
  for (const std::string& text : toml.Texts("follows")) {
    auto origin = NodeCode::Parse(text);
    if (origin.ok()) {
      node.follows.push_back(*std::move(origin));
    } else {
      toml.Problem("follows", Cat("not a node code (", text, ")"));
    }
  }
  node.signing = Certificates(toml, "signing");
  node.encryption = Certificates(toml, "encryption");
  if (const auto quota = toml.Integer("quota_records_per_day", 1, INT32_MAX)) {
    node.records_per_day = static_cast<uint64_t>(*quota);
  }
  for (const std::string& text : toml.Texts("tls_keys")) {
    const auto bytes = HexDecode(text);
    const auto hash = bytes ? Hash::FromBytes(*bytes) : std::nullopt;
    if (hash) {
      node.tls_keys.push_back(*hash);
    } else {
      toml.Problem("tls_keys", "must be 64 lower-case hex digits");
    }
  }
  toml.RefuseUnknown();
  return node;
}

}  // namespace

absl::StatusOr<crypto::TrustStore> LoadTrustFile(const std::string& path, Instant now) {
  TomlReader toml(path);
  std::vector<crypto::Certificate> roots;
  if (const auto pem = toml.Text("record_root", true)) {
    auto root = crypto::Certificate::FromPem(*pem);
    if (root.ok()) {
      roots.push_back(*std::move(root));
    } else {
      toml.Problem("record_root", Describe(root.status()));
    }
  }
  std::vector<crypto::TrustedNode> nodes;
  const size_t rows = toml.Rows("node");
  std::vector<TomlReader> readers;
  for (size_t i = 0; i < rows; ++i) {
    readers.push_back(toml.Row("node", i));
    if (auto node = ReadNode(readers.back())) nodes.push_back(*std::move(node));
  }
  if (nodes.size() == rows) {
    for (const auto& problem : crypto::FindFollowsProblems(nodes)) {
      readers[problem.node].Problem("follows", problem.what);
    }
  }
  for (TomlReader& row : readers) toml.Absorb(std::move(row));
  toml.RefuseUnknown();
  if (!toml.problems().empty()) {
    std::string text;
    for (const std::string& problem : toml.problems()) text += (text.empty() ? "" : "\n") + problem;
    return Error(ErrorCode::kTrustFile, text);
  }
  return crypto::TrustStore::Make(std::move(nodes), std::move(roots), {}, now);
}

}  // namespace tj::app
