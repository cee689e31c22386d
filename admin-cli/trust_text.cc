#include "admin-cli/trust_text.h"

#include "protocol/vocab/text.h"

namespace tj::cli {
namespace {

// A TOML basic string; names are checked to have no control characters before they come here.
std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// A certificate as a TOML multi-line string.
std::string Multiline(const std::string& pem) { return Cat("\"\"\"\n", pem, "\"\"\""); }

}  // namespace

std::string TrustHeader(const std::string& record_root_pem) {
  return Cat(
      "# 通监信任文件 Tongjian trust file: who is a node, under whom, with which certificates.\n"
      "# 由 tongjianctl pki 写成; 分发给每个节点 written by tongjianctl pki, given to every "
      "node.\n\n"
      "record_root = ",
      Multiline(record_root_pem), "\n");
}

std::string TrustEntryText(const TrustEntry& entry) {
  std::string regions;
  for (const std::string& region : entry.regions) {
    regions += Cat(regions.empty() ? "" : ", ", Quoted(region));
  }
  return Cat("\n[[node]]\ncode = ", Quoted(entry.code), "\nname = ", Quoted(entry.name), "\n",
             entry.parent.empty() ? std::string() : Cat("parent = ", Quoted(entry.parent), "\n"),
             "regions = [", regions, "]\nsigning = [", Multiline(entry.signing_pem),
             "]\nencryption = [", Multiline(entry.encryption_pem), "]\ntls_keys = [",
             Quoted(entry.tls_key_hex), "]\n");
}

}  // namespace tj::cli
