#include "node/case/measures.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace tj::cases {
namespace {

struct Field {
  int64_t (v1::Measures::*get)() const;
  void (v1::Measures::*set)(int64_t);
};

using M = v1::Measures;
constexpr auto kFields = std::to_array<Field>({
    {&M::received, &M::set_received},
    {&M::events, &M::set_events},
    {&M::accepted, &M::set_accepted},
    {&M::decided, &M::set_decided},
    {&M::not_accepted, &M::set_not_accepted},
    {&M::in_hand, &M::set_in_hand},
    {&M::early, &M::set_early},
    {&M::on_time, &M::set_on_time},
    {&M::late, &M::set_late},
    {&M::unjudged, &M::set_unjudged},
    {&M::limit_days, &M::set_limit_days},
    {&M::used_days, &M::set_used_days},
    {&M::fee_fen, &M::set_fee_fen},
    {&M::fee_cases, &M::set_fee_cases},
    {&M::fee_rounded, &M::set_fee_rounded},
    {&M::fee_negative, &M::set_fee_negative},
    {&M::violations, &M::set_violations},
});

}  // namespace

void AddMeasures(const v1::Measures& what, int sign, v1::Measures& into) {
  for (const Field& field : kFields) {
    const int64_t value = (what.*field.get)();
    if (value != 0) (into.*field.set)((into.*field.get)() + sign * value);
  }
  for (int i = 0; i < what.closed_size(); ++i) {
    if (what.closed(i) == 0) continue;
    while (into.closed_size() < what.closed_size()) into.add_closed(0);
    into.set_closed(i, into.closed(i) + sign * what.closed(i));
  }
}

bool IsZero(const v1::Measures& measures) {
  return std::all_of(kFields.begin(), kFields.end(),
                     [&](const Field& field) { return (measures.*field.get)() == 0; }) &&
         std::all_of(measures.closed().begin(), measures.closed().end(),
                     [](int64_t n) { return n == 0; });
}

bool Equal(const v1::Measures& a, const v1::Measures& b) {
  v1::Measures difference = a;
  AddMeasures(b, -1, difference);
  return IsZero(difference);
}

}  // namespace tj::cases
