// One line of NDJSON to a submission: Protobuf's JSON mapping, strictly (an unknown field is
// refused by name, a nested depth bounded). Pure; any thread.

#ifndef TJ_NODE_INTAKE_SUBMISSION_JSON_H_
#define TJ_NODE_INTAKE_SUBMISSION_JSON_H_

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"
#include "protocol/wire/payload.pb.h"

namespace tj::intake {

// INTAKE-SYNTAX; the detail begins with the field's path where there is one, and repeats no value.
absl::StatusOr<v1::Submission> ParseSubmission(ByteView line);

}  // namespace tj::intake

#endif  // TJ_NODE_INTAKE_SUBMISSION_JSON_H_
