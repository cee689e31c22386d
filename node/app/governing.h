// Records that the node writes of itself: that it started, calendars taken over from its
// configuration, what was lost, alarms about other nodes' pasts, the heads it has seen. Each is
// written at most once: the dedup key names its content. Pure; any thread.

#ifndef TJ_NODE_APP_GOVERNING_H_
#define TJ_NODE_APP_GOVERNING_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/address_tag.h"
#include "crypto/fork_proof.h"
#include "node/app/config.h"
#include "node/store/append.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/payload.pb.h"

namespace tj::app {

// One `adopt` record a calendar that is configured.
absl::StatusOr<std::vector<store::PreparedRecord>> CalendarRecords(const Config& config);
// Once a start, which `started_at` names, and once more if something was `recovered` in it.
absl::StatusOr<store::PreparedRecord> RestartRecord(const v1::Restart& restart, Instant started_at,
                                                    bool recovered);
absl::StatusOr<store::PreparedRecord> LossRecord(const v1::Loss& loss);
absl::StatusOr<store::PreparedRecord> HeadsRecord(const v1::Heads& heads, Instant now);

// SEC-FORK (DOMAIN §C.5): a ledger that we follow has two heads that cannot both be.
// SEC-SPLIT: a ledger was shown to a sibling otherwise than to us; `witness` is the sibling.
v1::Alarm ForkAlarm(const crypto::ForkProof& proof, Instant found_at, std::string_view file);
v1::Alarm SplitAlarm(const crypto::ForkProof& proof, const NodeCode& witness, Instant found_at,
                     std::string_view file);
// The same, of a head over more than `record`, the parent's `heads` record, had before it: nobody
// can have said yet that he saw it. Once a ledger.
v1::Alarm EarlyHeadAlarm(const crypto::Head& shown, Index record, const NodeCode& witness,
                         Instant found_at);
// DQ-OWED: bodies that a ledger owes us do not come: `leaves`, ascending, a few of them named.
v1::Alarm OwedAlarm(const LedgerId& ledger, std::span<const Index> leaves, Instant since,
                    Instant now);
absl::StatusOr<store::PreparedRecord> AlarmRecord(const v1::Alarm& alarm, Audience audience);

// 督办单 to whom `tag` names, and the reply to one.
absl::StatusOr<store::PreparedRecord> OrderRecord(const v1::SuperviseOrder& order,
                                                  const crypto::AddressTag& tag);
absl::StatusOr<store::PreparedRecord> OrderReplyRecord(const v1::OrderReply& reply);
// Openings and spot checks; each is named by what it is about (SPEC.md §12), and written once. What
// is asked is read by whom it asks, which `tag` names.
absl::StatusOr<store::PreparedRecord> AskedRecord(const v1::Opening& opening,
                                                  const crypto::AddressTag& tag);
absl::StatusOr<store::PreparedRecord> GivenRecord(const v1::Opening& opening, uint64_t part);
// The county's, once it has read an announcement of `by`: a root that it makes from now on was not
// known to whoever announced.
absl::StatusOr<store::PreparedRecord> NotedRecord(const LedgerId& by, const v1::Spot& spot,
                                                  Instant now);
absl::StatusOr<store::PreparedRecord> CommitRecord(const v1::SpotCommit& commit);
absl::StatusOr<store::PreparedRecord> RevealRecord(const v1::SpotReveal& reveal);
absl::StatusOr<store::PreparedRecord> ResultRecord(const v1::SpotResult& result);
// DQ-AUDIT (red): a drawn leaf was not opened in time. DQ-SUMMARY: what was opened does not give
// what was summed up (DOMAIN §C.5).
std::vector<v1::Alarm> SpotAlarms(const v1::SpotResult& result, Instant now);

// What names these records in the dedup index; without the digest. An alarm's id is subject and
// revision, with a slash before the latter.
store::DedupKey AlarmName(const v1::Alarm& alarm);
store::DedupKey CalendarName(int year, ByteView payload);
store::DedupKey OrderName(const v1::SuperviseOrder& order);
store::DedupKey OrderReplyName(const v1::OrderReply& reply);

}  // namespace tj::app

#endif  // TJ_NODE_APP_GOVERNING_H_
