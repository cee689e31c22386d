// Writes three ticks for the audience `children` into the ledger of a node that is stopped: nothing
// of this version has that audience, but a record of a later one may. For test_levels.py only.
//
//   children_writer NODE.toml

#include <cstdio>
#include <string>
#include <utility>

#include "crypto/sm3.h"
#include "node/app/config.h"
#include "node/store/truth.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/wire/payload.pb.h"
#include "protocol/wire/record.h"

namespace tj::app {
namespace {

constexpr int kRecords = 3;

absl::Status Run(const std::string& path) {
  const SystemClock clock;
  TJ_ASSIGN_OR_RETURN(const Config config, LoadConfig(path));
  v1::Tick tick;
  tick.set_at_ms(clock.Now().ms);
  store::AppendRequest request;
  for (int i = 0; i < kRecords; ++i) {
    store::PreparedRecord& record = request.records.emplace_back();
    record.family = Family::kTick;
    record.audience = Audience::kChildren;
    TJ_ASSIGN_OR_RETURN(record.body,
                        wire::EncodeBody(crypto::RandomBytes(wire::kSaltBytes),
                                         tick.SerializeAsString(), std::nullopt, std::nullopt));
  }
  TJ_ASSIGN_OR_RETURN(const auto truth,
                      store::Truth::Open({.folder = config.data_folder,
                                          .own = LedgerId{config.code, config.epoch},
                                          .clock = &clock}));
  return truth->AppendAndWait(std::move(request)).status();
}

}  // namespace
}  // namespace tj::app

int main(int argc, char** argv) {
  TJ_CHECK(argc == 2);
  const absl::Status status = tj::app::Run(argv[1]);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", tj::Describe(status).c_str());
  return 1;
}
