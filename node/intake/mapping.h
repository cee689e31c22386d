// Mapper: a trace of a XES log into submissions, as a profile says. One event, one row: it is
// mapped or refused, never dropped. Pure; immutable, any thread.
//
// Positions in the trace name the events (source_event_id "000017"), because case, code and time
// together repeat in real logs. Terms, facts and fee of the case go with the event at position 1,
// even when that one is refused: where they go must not depend on the fate of other rows, or an
// import that is run again would find conflicts.

#ifndef TJ_NODE_INTAKE_MAPPING_H_
#define TJ_NODE_INTAKE_MAPPING_H_

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "node/intake/profile.h"
#include "node/intake/xes_reader.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/payload.pb.h"

namespace tj::intake {

struct MappedRow {
  absl::StatusOr<v1::Submission> submission = v1::Submission();
  std::string field;  // when refused: the attribute
};

class Mapper {
 public:
  // `region` is used where the profile says "node".
  Mapper(Profile profile, const RegionCode& region);

  // The case's number; VALUE-MISSING.
  absl::StatusOr<std::string> CaseNumber(const XesTrace& trace) const;
  // One row an event, in order. `trace.attributes.problem` must be OK.
  std::vector<MappedRow> Map(const XesTrace& trace) const;

 private:
  struct Reading;

  Reading Read(const XesEvent& event) const;
  std::vector<const Rule*> Assign(const XesTrace& trace,
                                  const std::vector<Reading>& readings) const;
  MappedRow OpenCase(const XesTrace& trace) const;
  absl::Status StateTerms(const XesTrace& trace, MappedRow& row) const;
  absl::Status StateFacts(const XesTrace& trace, MappedRow& row) const;
  absl::Status Fill(const Rule& rule, const XesEvent& event, const Reading& reading,
                    MappedRow& row) const;

  const Profile profile_;
};

}  // namespace tj::intake

#endif  // TJ_NODE_INTAKE_MAPPING_H_
