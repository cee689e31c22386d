#include <cstdio>

#include "admin-cli/client.h"
#include "admin-cli/context.h"
#include "admin-cli/table.h"

namespace tj::cli {
namespace {

using Align = Table::Align;

void PrintList(const api::CaseListReply& reply) {
  Table table({{"办件编号 case"},
               {"状态 state"},
               {"受理 accepted"},
               {"到期 due"},
               {"决定 decided"},
               {"用时 used", Align::kRight},
               {"时限 limit", Align::kRight},
               {"结论 verdict"},
               {"违例 violations", Align::kRight}});
  for (const api::CaseInfo& info : reply.cases()) {
    table.Add({info.case_no(), info.state_zh() + " " + info.state(), info.accepted_on(),
               info.due_on(), info.decided_on(), std::to_string(info.used_days()),
               std::to_string(info.limit_days()), info.verdict(),
               std::to_string(info.violations())});
  }
  table.Print();
  if (!reply.next().empty()) {
    std::fprintf(stderr, "还有更多 more: --after %s\n", reply.next().c_str());
  }
}

void PrintOne(const api::CaseShowReply& reply) {
  const api::CaseInfo& info = reply.info();
  std::printf("%s  %s %s  机构 org %s  事项 item %s\n", info.case_no().c_str(),
              info.state_zh().c_str(), info.state().c_str(), info.org().c_str(),
              info.item().c_str());
  std::printf("受理 accepted %s  到期 due %s  决定 decided %s  用时 used %lld / %lld  %s\n",
              info.accepted_on().c_str(), info.due_on().c_str(), info.decided_on().c_str(),
              static_cast<long long>(info.used_days()), static_cast<long long>(info.limit_days()),
              info.verdict().c_str());
  Table table({{"记录 index", Align::kRight},
               {"类型 type"},
               {"声称时间 claimed"},
               {"记录时间 recorded"},
               {"见证时间 witnessed"},
               {"人员 officer"},
               {"环节 step"},
               {"违反 violates"}});
  for (const api::CaseEventInfo& event : reply.events()) {
    table.Add({std::to_string(event.index()), event.type_zh() + " " + event.type(),
               event.occurred_at(), event.recorded_at(), event.witnessed_at(), event.officer_id(),
               event.code(), event.violates()});
  }
  table.Print();
}

}  // namespace

void AddCase(CLI::App& app, Context& context) {
  CLI::App* cases = app.add_subcommand("case", "本节点的办件 cases of this node");
  cases->require_subcommand(1);

  CLI::App* list = cases->add_subcommand(
      "list", "列出办件 list cases\n例 example: tongjianctl case list --state handling --limit 20");
  auto request = std::make_shared<api::CaseListRequest>();
  const auto option = [&](const char* name, const char* help, auto set) {
    list->add_option_function<std::string>(
        name, [request, set](const std::string& text) { set(*request, text); }, help);
  };
  using Text = const std::string&;
  option("--state", "状态 state, as accepted, decided, closed",
         [](api::CaseListRequest& r, Text text) { r.set_state(text); });
  option("--org", "机构 organisation", [](api::CaseListRequest& r, Text text) { r.set_org(text); });
  option("--item", "事项 item", [](api::CaseListRequest& r, Text text) { r.set_item(text); });
  option("--after", "从此办件之后 continue after this case",
         [](api::CaseListRequest& r, Text text) { r.set_after(text); });
  list->add_option_function<uint32_t>(
      "--limit", [request](uint32_t n) { request->set_limit(n); }, "最多 at most (1000)");
  list->callback([request, &context] {
    Client client(context.socket);
    const auto reply = client.Call(&api::Control::Stub::CaseList, *request);
    if (!reply.ok()) return context.Fail(reply.status());
    context.json() ? context.PrintJson(*reply) : PrintList(*reply);
  });

  CLI::App* show = cases->add_subcommand("show",
                                         "办件全过程 one case with its events\n例 example: "
                                         "tongjianctl case show 37082600120261123000013");
  auto case_no = std::make_shared<std::string>();
  show->add_option("case", *case_no, "办件编号 case number")->required();
  show->callback([case_no, &context] {
    Client client(context.socket);
    api::CaseShowRequest wanted;
    wanted.set_case_no(*case_no);
    const auto reply = client.Call(&api::Control::Stub::CaseShow, wanted);
    if (!reply.ok()) return context.Fail(reply.status());
    context.json() ? context.PrintJson(*reply) : PrintOne(*reply);
  });
}

}  // namespace tj::cli
