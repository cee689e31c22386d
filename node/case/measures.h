// Arithmetic on the counts of a summary row. Pure.

#ifndef TJ_NODE_CASE_MEASURES_H_
#define TJ_NODE_CASE_MEASURES_H_

#include "protocol/wire/payload.pb.h"

namespace tj::cases {

// into += sign * what, field by field.
void AddMeasures(const v1::Measures& what, int sign, v1::Measures& into);
bool IsZero(const v1::Measures& measures);
bool Equal(const v1::Measures& a, const v1::Measures& b);

}  // namespace tj::cases

#endif  // TJ_NODE_CASE_MEASURES_H_
