#include <cstdio>

#include "admin-cli/context.h"
#include "admin-cli/files.h"
#include "admin-cli/json_output.h"
#include "crypto/evidence.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::cli {
namespace {

struct Options {
  std::string file;
  std::string root;
  std::string origin;
  std::string witness;
  bool published_is_enough = false;
};

absl::StatusOr<crypto::EvidencePolicy> PolicyOf(const Options& options) {
  crypto::EvidencePolicy policy;
  const auto pem = ReadFile(options.root);
  if (!pem.ok()) return pem.status();
  auto roots = crypto::Certificate::AllFromPem(*pem);
  if (!roots.ok()) return At(options.root, roots.status());
  policy.roots = *std::move(roots);
  policy.require_witness = !options.published_is_enough;
  for (const auto& [text, code] :
       {std::pair(&options.origin, &policy.origin), std::pair(&options.witness, &policy.witness)}) {
    if (text->empty()) continue;
    auto parsed = NodeCode::Parse(*text);
    if (!parsed.ok()) return parsed.status();
    *code = *std::move(parsed);
  }
  return policy;
}

void PrintJson(const crypto::EvidenceVerdict& verdict) {
  std::string records;
  for (const auto& record : verdict.records) {
    records += Cat(records.empty() ? "" : ",", "{\"index\":", record.index.value,
                   ",\"family\":", static_cast<int>(record.header.family), ",\"recorded_at\":\"",
                   record.header.recorded_at.Text(), "\",\"leaf\":\"", record.leaf.Hex(),
                   "\",\"body\":", record.body.empty() ? "false" : "true", "}");
  }
  std::printf(
      "{\"verdict\":\"%s\",\"ledger\":%s,\"size\":%llu,\"root\":\"%s\",\"head_at\":\"%s\","
      "\"witness\":\"%s\",\"witnessed_at\":\"%s\",\"delivered\":%s,\"records\":[%s]}\n",
      verdict.witnessed ? "witnessed" : "published", JsonQuoted(verdict.head.ledger.Text()).c_str(),
      static_cast<unsigned long long>(verdict.head.size), verdict.head.root.Hex().c_str(),
      verdict.head.at.Text().c_str(), verdict.witness ? verdict.witness->text().c_str() : "",
      verdict.witnessed ? verdict.witnessed_at.Text().c_str() : "",
      verdict.delivered ? "true" : "false", records.c_str());
}

void PrintText(const crypto::EvidenceVerdict& verdict) {
  std::printf("%s\n",
              verdict.witnessed ? "已见证 witnessed" : "已发布 published (未见证 not witnessed)");
  std::printf("  账本 ledger  %s, %llu 条 records, 树头签于 head of %s\n",
              verdict.head.ledger.Text().c_str(),
              static_cast<unsigned long long>(verdict.head.size), verdict.head.at.Text().c_str());
  if (verdict.witnessed) {
    std::printf("  见证 witness %s 于 at %s%s\n", verdict.witness->text().c_str(),
                verdict.witnessed_at.Text().c_str(), verdict.delivered ? ", 已送达 delivered" : "");
  }
  for (const auto& record : verdict.records) {
    const auto family = FamilyName(record.header.family);
    std::printf(
        "  记录 record %llu  %s  %s  %s\n", static_cast<unsigned long long>(record.index.value),
        family ? std::string(*family).c_str() : "?", record.header.recorded_at.Text().c_str(),
        record.body.empty() ? "(仅摘要 digest only)" : "");
  }
}

void Verify(const Options& options, Context& context) {
  const auto policy = PolicyOf(options);
  if (!policy.ok()) return context.Fail(policy.status());
  const auto file = ReadFile(options.file);
  if (!file.ok()) return context.Fail(file.status());
  const auto verdict = crypto::VerifyEvidence(*file, *policy);
  if (!verdict.ok()) {
    std::fprintf(stderr, "拒绝 refused\n");
    return context.Fail(verdict.status(), kExitCheckFailed);
  }
  context.json() ? PrintJson(*verdict) : PrintText(*verdict);
}

}  // namespace

void AddVerify(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand(
      "verify",
      "离线验证证据文件 check an evidence file offline: published, witnessed, or refused (exit 3)\n"
      "例 example: tongjianctl verify case.tjev --root record-root.pem\n"
      "例 example: tongjianctl verify case.tjev --root record-root.pem --origin 370826 --witness "
      "370800");
  auto options = std::make_shared<Options>();
  command->add_option("file", options->file, "证据文件 evidence file")->required();
  command->add_option("--root", options->root, "信任锚 trust anchor: SM2 root certificate(s), PEM")
      ->required();
  command->add_option("--origin", options->origin, "必须来自此节点 must be of this node");
  command->add_option("--witness", options->witness, "见证者必须是此节点 whose seen must be there");
  command->add_flag("--published-is-enough", options->published_is_enough,
                    "无见证也接受 accept what no other node has seen");
  command->callback([options, &context] { Verify(*options, context); });
}

}  // namespace tj::cli
