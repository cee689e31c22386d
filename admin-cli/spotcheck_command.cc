// tongjianctl spotcheck draw|reveal|status|report: the bureau's spot checks of its counties.

#include <cinttypes>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "admin-cli/client.h"
#include "admin-cli/context.h"
#include "protocol/vocab/error.h"

namespace tj::cli {
namespace {

const char* StateZh(const std::string& state) {
  if (state == "announced") return "已公告";
  if (state == "drawn") return "已抽取, 待答复";
  if (state == "answered") return "已答复, 传输中";
  if (state == "passed") return "通过";
  if (state == "missed") return "未按期完整答复";
  if (state == "mismatch") return "不符";
  if (state == "not-announced") return "未公告";
  return "未抽取";
}

void PrintShort(const api::SpotInfo& spot) {
  std::printf("%s  %s  %s %s\n", spot.period().c_str(), spot.county().c_str(),
              StateZh(spot.state()), spot.state().c_str());
  if (spot.state() == "announced") {
    std::printf("  期末 closes %s\n", spot.close().c_str());
    if (!spot.lacking().empty()) {
      std::printf("  尚不能抽取, 期末前须补齐 lacking before the close: %s\n",
                  spot.lacking().c_str());
    }
  } else if (spot.problem().empty() && !spot.judged()) {
    std::printf("  抽取 drawn %d 段 ranges; 答复期限 answer by %s; 已到 here %" PRIu64 "/%" PRIu64
                " 条 records\n",
                spot.ranges_size(), spot.answer_by().c_str(), spot.answer_here(),
                spot.answer_leaves());
    if (spot.overdue()) {
      std::printf(
          "  期限已过, 但本节点抽取后停过机: 县在期限之后签署的树头到达, 或启动 (或期限) 后满 24 "
          "小时, 才判为缺失\n"
          "  the time is over, but this node was down after the draw: nothing is called missed "
          "until a head that the county signed after that time is here, or 24 hours have passed "
          "since the start (or that time)\n");
    }
  }
}

// Basis points as a percentage with two decimals.
std::string Percent(uint32_t bp) {
  char text[16];
  std::snprintf(text, sizeof text, "%u.%02u %%", bp / 100, bp % 100);
  return text;
}

void PrintBound(const api::SpotInfo& spot) {
  if (spot.state() != "passed") return;
  if (spot.ranges_drawn() >= spot.ranges_total() && spot.ranges_unexamined() == 0) {
    std::printf("  全部记录均已核对, 无一不符 every record was checked, none is wrong\n");
    return;
  }
  const bool all = spot.ranges_unexamined() == 0;
  std::printf("  置信度 %s: 有误%s的段少于 %" PRIu64 " 段, 即 %s\n",
              Percent(spot.confidence_bp()).c_str(), all ? "" : "或无法核对", spot.bound_ranges(),
              Percent(spot.bound_share_bp()).c_str());
  std::printf("  with %s confidence fewer than %" PRIu64 " of %" PRIu64
              " ranges (%s) hold a wrong record%s\n",
              Percent(spot.confidence_bp()).c_str(), spot.bound_ranges(), spot.ranges_total(),
              Percent(spot.bound_share_bp()).c_str(), all ? "" : " or one that cannot be checked");
}

// Why it was judged when it was.
const char* BasisEn(const std::string& basis) {
  if (basis == "SPOT_ALL_HERE") return "all of the answer had come";
  if (basis == "SPOT_TIME_OVER") return "the time was over, and this node ran since the draw";
  if (basis == "SPOT_COUNTY_HEAD") {
    return "the time was over, and a head that the county signed after it is here, without an "
           "answer";
  }
  if (basis == "SPOT_DAY_OVER") {
    return "the time was over, and this node, which had been down, waited 24 hours more";
  }
  return "";
}

void PrintBasis(const api::SpotInfo& spot) {
  if (spot.basis().empty()) return;
  std::printf("  判定依据 judged when: %s %s", spot.basis_zh().c_str(), BasisEn(spot.basis()));
  if (!spot.basis_at().empty()) std::printf(" (%s)", spot.basis_at().c_str());
  std::printf("\n");
}

void PrintReport(const api::SpotInfo& spot) {
  PrintShort(spot);
  std::printf("  公告 announced: 记录 record %" PRIu64 ", SM3(nonce) %s\n", spot.commit_index(),
              spot.nonce_hash().c_str());
  if (spot.seed().empty()) return;
  std::printf("  抽取 drawn: 记录 record %" PRIu64 ", 种子 seed %s\n", spot.reveal_index(),
              spot.seed().c_str());
  std::printf("  树头 head: %" PRIu64 " %s, 见于 seen %s (heads 记录 record %" PRIu64 ")\n",
              spot.head_size(), spot.head_root().c_str(), spot.head_seen_at().c_str(),
              spot.heads_index());
  if (!spot.judged()) return;
  PrintBasis(spot);
  std::printf("  抽取段 ranges drawn %" PRIu64 "/%" PRIu64 ", 有误 wrong %" PRIu64
              ", 因灭失无法核对 not checked for losses %" PRIu64 "\n",
              spot.ranges_drawn(), spot.ranges_total(), spot.ranges_wrong(),
              spot.ranges_unexamined());
  std::printf("  记录 records: 抽取 drawn %" PRIu64 ", 开启 opened %" PRIu64
              ", 缺失 missed %" PRIu64 ", 不符 mismatched %" PRIu64
              ", 已报灭失 declared lost %" PRIu64 "\n",
              spot.leaves_drawn(), spot.leaves_opened(), spot.leaves_missed(),
              spot.leaves_mismatched(), spot.leaves_lost());
  std::printf("  重算 refolded: %" PRIu64 " 行 rows, 因灭失未重算 not refolded for losses %" PRIu64
              ", %" PRIu64 " 条事件 events opened\n",
              spot.rows_refolded(), spot.rows_not_folded(), spot.answer_leaves());
  PrintBound(spot);
  for (const api::SpotFinding& finding : spot.findings()) {
    std::printf("  ✗ 记录 record %" PRIu64 "  %s %s (%" PRIu64 ")\n", finding.leaf(),
                finding.fault_zh().c_str(), finding.fault().c_str(), finding.about());
  }
  if (spot.finding_count() > static_cast<uint64_t>(spot.findings_size())) {
    std::printf("  … %" PRIu64 " 项中的前 %d 项 the first of %" PRIu64 "\n", spot.finding_count(),
                spot.findings_size(), spot.finding_count());
  }
}

// What did not come about for one of several counties: "CODE: what is wrong", as for a single one.
void FailFor(const api::SpotInfo& spot, Context& context) {
  const std::string& problem = spot.problem();
  const size_t colon = problem.find(": ");
  const bool detailed = colon != std::string::npos;
  context.Fail(At(spot.county(), ErrorFromName(problem.substr(0, colon),
                                               detailed ? problem.substr(colon + 2) : "")));
}

void Show(const absl::StatusOr<api::SpotListReply>& reply, bool report, Context& context) {
  if (!reply.ok()) return context.Fail(reply.status());
  if (context.json()) {
    context.PrintJson(*reply);
  } else if (reply->checks().empty()) {
    std::printf("没有抽查 no spot checks\n");
  } else {
    for (const api::SpotInfo& spot : reply->checks()) {
      report ? PrintReport(spot) : PrintShort(spot);
    }
  }
  for (const api::SpotInfo& spot : reply->checks()) {
    if (!spot.problem().empty()) FailFor(spot, context);
  }
  if (!report) return;
  for (const api::SpotInfo& spot : reply->checks()) {
    if (spot.state() == "missed" || spot.state() == "mismatch") {
      context.exit_code = kExitCheckFailed;
    }
  }
}

void AddDraw(CLI::App* spotcheck, Context& context) {
  CLI::App* command =
      spotcheck->add_subcommand("draw",
                                "期末前公告抽查 announce a check before the period closes: the "
                                "hash of a secret number becomes a "
                                "record. Early: by the close it must be on record that the "
                                "county has seen it (ten minutes on the network, two bundles each "
                                "way by files); status tells 公告须提早: 期末前县须已见到公告\n"
                                "例 example: tongjianctl spotcheck draw --period 2026-11");
  auto request = std::make_shared<api::SpotDrawRequest>();
  command
      ->add_option_function<std::string>(
          "--period", [request](const std::string& text) { request->set_period(text); },
          "期 a month or a day: 2026-11, 2026-11-22")
      ->required();
  command->add_option_function<std::vector<std::string>>(
      "--county",
      [request](const std::vector<std::string>& codes) {
        for (const std::string& code : codes) request->add_counties(code);
      },
      "县 counties (缺省全部 all)");
  command->add_option_function<std::string>(
      "--close", [request](const std::string& text) { request->set_close(text); },
      "期末 close, RFC 3339, within the period (缺省期末 its end)");
  command->add_option_function<uint32_t>(
      "--ranges", [request](uint32_t count) { request->set_ranges(count); },
      "抽取段数 ranges to draw (缺省每 100 件办结一段 one per 100 closings, 20–200)");
  command->add_option_function<uint32_t>(
      "--length", [request](uint32_t count) { request->set_length(count); },
      "每段记录数 records in a range (5)");
  command->add_option_function<uint32_t>(
      "--working-days", [request](uint32_t days) { request->set_working_days(days); },
      "答复期限 working days for the answer (3)");
  command->add_option_function<std::string>(
      "--answer-by", [request](const std::string& text) { request->set_answer_by(text); },
      "或答复期限时刻 or a time, RFC 3339");
  command->callback([request, &context] {
    Client client(context.socket);
    Show(client.Call(&api::Control::Stub::SpotDraw, *request), false, context);
  });
}

void AddReveal(CLI::App* spotcheck, Context& context) {
  CLI::App* command = spotcheck->add_subcommand(
      "reveal",
      "期末后公布并抽取 reveal the number after the close: the ranges follow from it\n"
      "例 example: tongjianctl spotcheck reveal --period 2026-11\n"
      "退出码 exit 1: 有的县未能抽取 some county could not be drawn, and says why");
  auto request = std::make_shared<api::SpotRevealRequest>();
  command
      ->add_option_function<std::string>(
          "--period", [request](const std::string& text) { request->set_period(text); },
          "期 period")
      ->required();
  command->add_option_function<std::vector<std::string>>(
      "--county",
      [request](const std::vector<std::string>& codes) {
        for (const std::string& code : codes) request->add_counties(code);
      },
      "县 counties (缺省全部 all)");
  command->callback([request, &context] {
    Client client(context.socket);
    Show(client.Call(&api::Control::Stub::SpotReveal, *request), false, context);
  });
}

void AddList(CLI::App* spotcheck, const char* name, const char* help, bool report,
             Context& context) {
  CLI::App* command = spotcheck->add_subcommand(name, help);
  auto request = std::make_shared<api::SpotListRequest>();
  command->add_option_function<std::string>(
      "--period", [request](const std::string& text) { request->set_period(text); },
      "期 period (缺省全部 all)");
  command->add_option_function<std::vector<std::string>>(
      "--county",
      [request](const std::vector<std::string>& codes) {
        for (const std::string& code : codes) request->add_counties(code);
      },
      "县 counties (缺省全部 all)");
  command->callback([request, report, &context] {
    Client client(context.socket);
    Show(client.Call(&api::Control::Stub::SpotList, *request), report, context);
  });
}

}  // namespace

void AddSpotcheck(CLI::App& app, Context& context) {
  CLI::App* spotcheck =
      app.add_subcommand("spotcheck", "抽查 spot checks: draw, reveal, status, report");
  spotcheck->require_subcommand(1);
  AddDraw(spotcheck, context);
  AddReveal(spotcheck, context);
  AddList(spotcheck, "status",
          "进行到哪一步 how far each check is\n"
          "例 example: tongjianctl spotcheck status",
          false, context);
  AddList(spotcheck, "report",
          "结果与置信上限 results, and what they say about the rest\n"
          "例 example: tongjianctl spotcheck report --period 2026-11\n"
          "退出码 exit 3: 有缺失或不符 something is missed or wrong",
          true, context);
}

}  // namespace tj::cli
