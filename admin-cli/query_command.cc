#include <cstdio>

#include "admin-cli/client.h"
#include "admin-cli/context.h"
#include "admin-cli/table.h"
#include "node/rules/scoring.h"

namespace tj::cli {
namespace {

using Align = Table::Align;

std::string Percent(bool present, int64_t bp) {
  return present ? rules::PercentText(bp) + "%" : "N/A";
}

std::vector<std::string> Cells(const api::QueryRow& row) {
  return {row.key(),
          row.name(),
          std::to_string(row.received()),
          std::to_string(row.events()),
          std::to_string(row.accepted()),
          std::to_string(row.decided()),
          std::to_string(row.on_time()),
          std::to_string(row.early()),
          std::to_string(row.late()),
          std::to_string(row.used_days()),
          Percent(row.has_on_time_bp(), row.on_time_bp()),
          Percent(row.has_early_bp(), row.early_bp())};
}

std::vector<Table::Column> Columns(const char* key) {
  return {{key},
          {"名称 name"},
          {"收件 received", Align::kRight},
          {"事件 events", Align::kRight},
          {"受理 accepted", Align::kRight},
          {"决定 decided", Align::kRight},
          {"按时 on time", Align::kRight},
          {"提前 early", Align::kRight},
          {"超期 late", Align::kRight},
          {"用时(日) days", Align::kRight},
          {"按时率 on time", Align::kRight},
          {"提前率 early", Align::kRight}};
}

void PrintAsOf(const api::QueryReply& reply) {
  for (const api::AsOf& as_of : reply.as_of()) {
    std::printf("数据截至 as of %s 记录 size %llu, 树头 head %s (%lld s)%s", as_of.ledger().c_str(),
                static_cast<unsigned long long>(as_of.size()), as_of.head_at().c_str(),
                static_cast<long long>(as_of.age_seconds()),
                as_of.partition_ok() ? "" : "  ! 汇总与事件不符 CASE-PARTITION");
    if (as_of.uncounted() > 0) {
      std::printf("  未汇总 not yet counted %llu",
                  static_cast<unsigned long long>(as_of.uncounted()));
    }
    std::printf("\n");
  }
}

void PrintRows(const api::QueryReply& reply, bool ranked) {
  std::vector<Table::Column> columns = Columns("分组 group");
  if (ranked) columns.insert(columns.begin(), {"名次 rank", Align::kRight});
  Table table(columns);
  for (const api::QueryRow& row : reply.rows()) {
    std::vector<std::string> cells = Cells(row);
    if (ranked) cells.insert(cells.begin(), row.rank() == 0 ? "-" : std::to_string(row.rank()));
    table.Add(std::move(cells));
  }
  std::vector<std::string> total = Cells(reply.total());
  total[0] = "合计 total";
  if (ranked) total.insert(total.begin(), "");
  table.Add(std::move(total));
  table.Print();
  PrintAsOf(reply);
}

using Method = grpc::Status (api::Control::Stub::*)(grpc::ClientContext*, const api::QueryRequest&,
                                                    api::QueryReply*);

void Ask(Method method, const api::QueryRequest& request, bool ranked, Context& context) {
  Client client(context.socket);
  const auto reply = client.Call(method, request);
  if (!reply.ok()) return context.Fail(reply.status());
  context.json() ? context.PrintJson(*reply) : PrintRows(*reply, ranked);
}

// A text field of the request as an option.
template <typename Set>
void Option(CLI::App* command, const char* name, const char* help, Set set) {
  command->add_option_function<std::string>(name, set, help);
}

void AddFilters(CLI::App* command, const std::shared_ptr<api::QueryRequest>& request) {
  Option(command, "--county", "县(市、区) 节点编号 node code",
         [request](const std::string& text) { request->set_county(text); });
  Option(command, "--org", "机构 统一社会信用代码 organisation",
         [request](const std::string& text) { request->set_org(text); });
  Option(command, "--item", "事项编码 item",
         [request](const std::string& text) { request->set_item(text); });
  Option(command, "--from", "起 first period: YYYY, YYYY-MM, YYYY-MM-DD",
         [request](const std::string& text) { request->set_from(text); });
  Option(command, "--to", "止 last period",
         [request](const std::string& text) { request->set_to(text); });
}

void AddPeriod(CLI::App* command, const std::shared_ptr<api::QueryRequest>& request) {
  Option(command, "--period", "期间 YYYY, YYYY-MM or YYYY-MM-DD; 缺省全部 default all",
         [request](const std::string& text) { request->set_period(text); });
  Option(command, "--group-by", "分组 county, org or item",
         [request](const std::string& text) { request->set_group_by(text); });
}

}  // namespace

void AddQuery(CLI::App& app, Context& context) {
  CLI::App* query = app.add_subcommand("query", "统计查询 aggregate queries");
  query->require_subcommand(1);

  CLI::App* summary = query->add_subcommand(
      "summary",
      "汇总 totals\n例 example: tongjianctl query summary --period 2026-11 --group-by county");
  auto request = std::make_shared<api::QueryRequest>();
  AddFilters(summary, request);
  AddPeriod(summary, request);
  summary->callback(
      [request, &context] { Ask(&api::Control::Stub::QuerySummary, *request, false, context); });

  CLI::App* ranking = query->add_subcommand(
      "ranking",
      "排名 ranking\n例 example: tongjianctl query ranking --period 2026 --measure on_time_bp");
  request = std::make_shared<api::QueryRequest>();
  AddFilters(ranking, request);
  AddPeriod(ranking, request);
  Option(ranking, "--measure", "指标 measure; 缺省 default on_time_bp",
         [request](const std::string& text) { request->set_measure(text); });
  ranking->add_option_function<uint32_t>(
      "--limit", [request](uint32_t limit) { request->set_limit(limit); }, "前几名 first n");
  ranking->callback(
      [request, &context] { Ask(&api::Control::Stub::QueryRanking, *request, true, context); });

  CLI::App* trend = query->add_subcommand(
      "trend",
      "趋势 trend by period\n例 example: tongjianctl query trend --from 2025-11 --to 2026-11");
  request = std::make_shared<api::QueryRequest>();
  AddFilters(trend, request);
  trend->callback(
      [request, &context] { Ask(&api::Control::Stub::QueryTrend, *request, false, context); });
}

}  // namespace tj::cli
