#include <cstdio>

#include "admin-cli/context.h"
#include "admin-cli/files.h"
#include "admin-cli/json_output.h"
#include "crypto/evidence.h"
#include "crypto/proof_file.h"
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

const char* Flag(bool value) { return value ? "true" : "false"; }

std::string HeadJson(const crypto::Head& head) {
  return Cat("{\"size\":", head.size, ",\"root\":\"", head.root.Hex(), "\",\"at\":\"",
             head.at.Text(), "\"}");
}

void PrintHead(const char* what, const crypto::Head& head) {
  std::printf("  %s  %llu 条 records, 签于 signed at %s\n              根 root %s\n", what,
              static_cast<unsigned long long>(head.size), head.at.Text().c_str(),
              head.root.Hex().c_str());
}

void ExplainFork(const crypto::ForkProof& proof) {
  const crypto::Head& first = proof.first.head;
  const crypto::Head& second = proof.second.head;
  const std::string who = first.ledger.origin.text();
  std::printf("分叉成立 this proves a fork: %s\n", first.ledger.Text().c_str());
  PrintHead("树头 head 1", first);
  PrintHead("树头 head 2", second);
  if (first.size == second.size) {
    std::printf(
        "  两个树头条数相同而根不同, 同一账本不可能两者皆真.\n"
        "  Both have the same size and different roots: one ledger cannot be both.\n");
  } else {
    std::printf(
        "  第二个树头不是第一个的延续: 前 %llu 条记录已被改动.\n"
        "  The second does not extend the first: some of the first %llu records were "
        "changed.\n",
        static_cast<unsigned long long>(first.size), static_cast<unsigned long long>(first.size));
  }
  std::printf(
      "  两个树头均由 %s 的证书签名, 无法抵赖.\n"
      "  Both are signed with the certificate of %s.\n",
      who.c_str(), who.c_str());
}

void ExplainRollback(const crypto::RollbackFinding& finding, const NodeCode& found_by) {
  const crypto::Head& head = finding.signed_head.head;
  std::printf("回退 this shows a rollback: %s\n", head.ledger.Text().c_str());
  PrintHead("已签树头 signed", head);
  std::printf("  发现时 found  %llu 条 records, 根 root %s\n",
              static_cast<unsigned long long>(finding.found_size),
              finding.found_root.Hex().c_str());
  std::printf(
      "  树头与现存条数均由 %s 签名声明: 账本丢失了已签名的记录.\n"
      "  Both the head and what was found are signed by %s: signed records are lost.\n",
      found_by.text().c_str(), found_by.text().c_str());
}

void VerifyProof(const std::string& file, const crypto::EvidencePolicy& policy, Context& context) {
  const auto verdict = crypto::VerifyProofFile(file, policy.roots);
  if (!verdict.ok()) {
    std::fprintf(stderr, "未能证明 it proves nothing\n");
    return context.Fail(verdict.status(), kExitCheckFailed);
  }
  const auto* fork = std::get_if<crypto::ForkProof>(&verdict->proof);
  const auto* rollback = std::get_if<crypto::RollbackFinding>(&verdict->proof);
  const LedgerId& ledger = crypto::LedgerOf(verdict->proof);
  if (policy.origin && *policy.origin != ledger.origin) {
    return context.Fail(Error(ErrorCode::kCryptoOrigin, ledger.Text()), kExitCheckFailed);
  }
  if (context.json()) {
    const crypto::Head& first = fork != nullptr ? fork->first.head : rollback->signed_head.head;
    const std::string second = fork != nullptr
                                   ? HeadJson(fork->second.head)
                                   : Cat("{\"size\":", rollback->found_size, ",\"root\":\"",
                                         rollback->found_root.Hex(), "\"}");
    std::printf(
        "{\"verdict\":\"%s\",\"ledger\":%s,\"first\":%s,\"second\":%s,"
        "\"same_size\":%s,\"found_by\":\"%s\",\"found_at\":\"%s\"}\n",
        fork != nullptr ? "fork" : "rollback", JsonQuoted(ledger.Text()).c_str(),
        HeadJson(first).c_str(), second.c_str(),
        Flag(fork != nullptr && first.size == fork->second.head.size),
        verdict->found_by.text().c_str(), verdict->found_at.Text().c_str());
    return;
  }
  fork != nullptr ? ExplainFork(*fork) : ExplainRollback(*rollback, verdict->found_by);
  std::printf("  发现 found by %s at %s\n", verdict->found_by.text().c_str(),
              verdict->found_at.Text().c_str());
}

void Verify(const Options& options, Context& context) {
  const auto policy = PolicyOf(options);
  if (!policy.ok()) return context.Fail(policy.status());
  const auto file = ReadFile(options.file);
  if (!file.ok()) return context.Fail(file.status());
  if (crypto::IsProofFile(*file)) return VerifyProof(*file, *policy, context);
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
      "离线验证证据文件或分叉证明 check an evidence or proof file offline; exit 3 when it proves "
      "nothing\n"
      "例 example: tongjianctl verify data/proofs/370826-1-1795000000000.tjproof --root "
      "record-root.pem\n"
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
