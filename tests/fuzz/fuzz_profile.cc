// Fuzz target for mapping profiles: refused with the place, or usable on a trace.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "node/intake/mapping.h"
#include "node/intake/profile.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"

namespace tj::intake {
namespace {

XesTrace SampleTrace() {
  XesTrace trace;
  trace.attributes.entries = {{"concept:name", "c1"},
                              {"start", "2014-04-01T00:00:00+02:00"},
                              {"end", "2014-05-01T00:00:00+02:00"},
                              {"fee", "157.09305"}};
  for (const char* code : {"10", "20", "S1", "S2", "10"}) {
    trace.events.emplace_back().attributes.entries = {{"code", code},
                                                      {"time", "2014-04-11T00:00:00+02:00"},
                                                      {"question", "True"},
                                                      {"who", "560464"}};
  }
  trace.event_count = trace.events.size();
  return trace;
}

}  // namespace
}  // namespace tj::intake

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto profile = tj::intake::ParseProfile(text);
  if (!profile.ok()) {
    TJ_CHECK(tj::CodeOf(profile.status()) == tj::ErrorCode::kIntakeProfile);
    TJ_CHECK(tj::DetailOf(profile.status()).starts_with("profile:"));
    return 0;
  }
  TJ_CHECK(!profile->items.empty() && !profile->rules.empty() && !profile->event_code.empty());
  const tj::intake::Mapper mapper(*std::move(profile), *tj::RegionCode::Parse("370826"));
  const tj::intake::XesTrace trace = tj::intake::SampleTrace();
  const auto rows = mapper.Map(trace);
  TJ_CHECK(rows.size() == trace.events.size());
  for (const auto& row : rows) TJ_CHECK(row.submission.ok() || !row.field.empty());
  return 0;
}
