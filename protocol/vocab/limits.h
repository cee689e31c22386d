// All limits, each with its reason. Units are in the names. A limit that both ends of a stream must
// share is part of the protocol (SPEC.md §9) and changes only with its version.

#ifndef TJ_PROTOCOL_VOCAB_LIMITS_H_
#define TJ_PROTOCOL_VOCAB_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "protocol/vocab/time.h"

namespace tj::limits {

// --- protocol: both ends must agree ---

// A body with its salt. Case events are about 500 bytes; a summary row that lists 60,000 late
// leaves still fits.
inline constexpr size_t kBodyBytesMax = 256 * 1024;
// Records in one segment: the merge size of the store, so that a stored block is a sent block.
inline constexpr uint32_t kSegmentRecordsMax = 1024;
// A segment as stored or sent, and after inflation: bounds memory per staged frame.
inline constexpr size_t kSegmentBytesMax = 4 * 1024 * 1024;
inline constexpr size_t kSegmentInflatedBytesMax = 16 * 1024 * 1024;
// A frame: one segment with its proof and some protobuf around it.
inline constexpr size_t kFrameBytesMax = kSegmentBytesMax + 64 * 1024;
// Signature lines in a note (C2SP leaves this open; sixteen cosigners are two more than the
// counties).
inline constexpr size_t kNoteSignaturesMax = 16;
inline constexpr size_t kNoteBytesMax = 8 * 1024;
// Hashes in a proof: a tree of 2^63 leaves needs 63 siblings and the seed.
inline constexpr size_t kProofHashesMax = 64;
// Ledgers that one peer may offer or hold of us: fifteen counties, their zones and towns, with old
// epochs.
inline constexpr size_t kLedgersPerPeerMax = 1024;
// Leaves asked for in one `open`.
inline constexpr uint32_t kOpenRangeMax = 1024;
// Leaves that one question (an `opening` record, `asked`) names. Whoever asks and whoever answers
// holds them in memory.
inline constexpr uint64_t kOpeningLeavesMax = 100'000;
// Text in a frame: a software version, a refusal's detail. Enough for a sentence in any language.
inline constexpr size_t kFrameTextBytesMax = 1000;
// Fields in one message of a frame, known or not: bounds what a few bytes of input can make
// Protobuf allocate.
inline constexpr size_t kFrameFieldsMax = 4 * kLedgersPerPeerMax;
// Credit given at once. More is no credit but a mistake.
inline constexpr uint64_t kCreditGrantBytesMax = uint64_t{1} << 32;
// Leaves of a ledger: 2^63 − 1, so that a size stays positive in every language.
inline constexpr uint64_t kLedgerSizeMax = (uint64_t{1} << 63) - 1;
// DER certificate, and a chain of them.
inline constexpr size_t kCertificateBytesMax = 16 * 1024;
inline constexpr size_t kCertificateChainMax = 8;
// Times: beyond these a date is a mistake, and arithmetic on it could overflow. What a source
// claims is not before 1990; recorded_at is our own clock, from 1970 so that a machine without a
// set clock still writes valid records.
inline constexpr Instant kClaimedTimeMin{631'152'000'000};  // 1990-01-01T00:00:00Z
inline constexpr Instant kRecordedAtMin{0};
inline constexpr Instant kTimeEnd{7'258'118'400'000};  // 2200-01-01T00:00:00Z, exclusive
// Bundle files (SPEC.md §11). A chunk of frames as it is before sealing: one frame and what came
// before it. A manifest chunk: the text of one range for each ledger, with room to spare.
inline constexpr size_t kBundleChunkBytesMax = kFrameBytesMax + 1024 * 1024;
inline constexpr size_t kBundleManifestBytesMax = 128 * 1024;
inline constexpr uint32_t kBundlePartsMax = 100'000;
// Private parts of one record, sealed for one reader: opinion, reason and project name at their
// longest, in UTF-8, with keys and macs around them.
inline constexpr size_t kSealedPartsBytesMax = 64 * 1024;
// A DER-encoded SM2 signature is at most 72 bytes; longer is malformed.
inline constexpr size_t kSignatureBytesMax = 72;

// --- node: local policy ---

// Records in one commit: past 4,000 group commit gains nothing (measured).
inline constexpr size_t kCommitRecordsMax = 4096;
// Requests waiting for the writer before the source is told to wait.
inline constexpr size_t kCommitQueueRecordsMax = 65'536;
// Bodies and sealed parts in one commit, in one request and waiting for the writer, in bytes:
// bounds memory where records are large.
inline constexpr size_t kCommitBytesMax = 32 * 1024 * 1024;
inline constexpr size_t kCommitQueueBytesMax = 64 * 1024 * 1024;
// Receiver's credit: never more than this outstanding.
inline constexpr size_t kCreditBytesMax = 8 * 1024 * 1024;
// A head is signed at most this often, and more often under load: while so many records wait for
// one. It is offered after so many records or so long, and repeated when quiet.
inline constexpr Duration kHeadSignInterval{1000};
inline constexpr Duration kHeadSignIntervalMin{200};
inline constexpr uint64_t kHeadSignRecords = 2048;
inline constexpr uint64_t kHeadOfferRecords = 500;
inline constexpr Duration kHeadOfferInterval{60'000};
// An offered head without an answer is offered again.
inline constexpr Duration kHeadAnswerMax{60'000};
inline constexpr Duration kHeartbeatInterval{60'000};
// After a start nothing is written or signed for so long, or until a follower has shown what it
// holds.
inline constexpr Duration kStartWait{10'000};
// The same where nobody is above: those below may try again only after kReconnectDelayMax.
inline constexpr Duration kStartWaitAtTop{75'000};
// Between two `heads` records of a node with children.
inline constexpr Duration kHeadsInterval{60'000};
// A body that is owed is asked for at once and each minute; when two rounds have brought nothing,
// an alarm is written.
inline constexpr Duration kOwedBodyMax{120'000};
// Connection: a ping when nothing was sent, closed when nothing was heard.
inline constexpr Duration kPingInterval{20'000};
inline constexpr Duration kPeerSilenceMax{60'000};
inline constexpr Duration kHandshakeMax{10'000};
// A frame that cost no credit: at once and a second, for the stream and more for each ledger that
// goes over it. An honest peer sends one for each quarter of a window of credit and a few for each
// head; begins with three for each ledger.
inline constexpr uint64_t kLightFramesBurst = 4096;
inline constexpr uint64_t kLightFramesPerSecond = 500;
inline constexpr uint64_t kLightFramesPerLedger = 16;
// Heads of one ledger, and statements over one: each costs a check of signatures. A head is signed
// five times a second at most; a gap has it offered again.
inline constexpr uint64_t kHeadsBurst = 64;
inline constexpr uint64_t kHeadsPerSecond = 8;
inline constexpr uint64_t kStatementsBurst = 256;
inline constexpr uint64_t kStatementsPerSecond = 32;
// Days of a writer's quota that may be saved up: after an outage of a week nothing pauses.
inline constexpr int64_t kQuotaSavedDays = 7;
// A stream whose first waiting message is not taken for so long, or that has more than this
// waiting, is a peer that does not read. On a line of 256 kbit/s the largest frame takes 133 s.
inline constexpr Duration kSlowReaderMax{150'000};
inline constexpr size_t kSendQueueBytesMax = 16 * 1024 * 1024;
// Streams that are served at once, of all peers and of one (a newer one replaces the older, which
// takes a moment to end); and streams that one connection may open.
inline constexpr int kStreamsMax = 256;
inline constexpr int kStreamsPerPeerMax = 4;
inline constexpr int kStreamsPerConnectionMax = 8;
// Streams that one peer may begin, at once and a second.
inline constexpr uint64_t kStreamsOpenedBurst = 30;
inline constexpr uint64_t kStreamsOpenedPerSecond = 1;
// A connection without a call is closed after so long.
inline constexpr Duration kConnectionIdleMax{30'000};
// Questions of `peer ping` that are answered, at once and a second, of all who ask together.
inline constexpr uint64_t kProbesBurst = 20;
inline constexpr uint64_t kProbesPerSecond = 2;
// A peer that broke the protocol is refused for so long, doubling from one time to the next, until
// it has kept to it for the time after.
inline constexpr Duration kPenaltyMin{1000};
inline constexpr Duration kPenaltyMax{300'000};
inline constexpr Duration kPenaltyForgotten{600'000};
inline constexpr Duration kReconnectDelayMin{500};
inline constexpr Duration kReconnectDelayMax{60'000};
// recorded_at may wait for a clock that stepped back this far; beyond, sequencing stops
// (ARCHITECTURE §3).
inline constexpr Duration kClockJumpMax{600'000};
// What a source claims may be this far ahead of our clock (DOMAIN §B.7, invariant 5).
inline constexpr Duration kClaimedSkewMax{120'000};
// Intake: one JSON line; longer is refused with its line number.
inline constexpr size_t kInputLineBytesMax = 1024 * 1024;
// A XES trace is held in memory whole, because rules pick among its events.
inline constexpr size_t kXesTraceEventsMax = 100'000;
inline constexpr size_t kXesTraceBytesMax = 64 * 1024 * 1024;
// Of a trace or an event; the logs seen have 17.
inline constexpr size_t kXesAttributesMax = 256;
inline constexpr size_t kXesValueBytesMax = 64 * 1024;
// Between two things the XML parser tells of: it holds an unfinished tag in memory.
inline constexpr size_t kXesTokenBytesMax = 1024 * 1024;
inline constexpr size_t kXesDepthMax = 100;
// A mapping profile, and the rules in it.
inline constexpr size_t kProfileBytesMax = 256 * 1024;
inline constexpr size_t kProfileRulesMax = 1000;
// Records of one batch of an import: large enough for group commit, small enough to prepare while
// the one before is synced.
inline constexpr size_t kImportBatchRecords = 500;
inline constexpr size_t kImportBatchBytesMax = 4 * 1024 * 1024;
// Input of a refused row that is kept, and of all rows refused since they were last taken: a file
// of nothing but refused rows ends there.
inline constexpr size_t kRefusedInputBytesMax = 64 * 1024;
inline constexpr size_t kRefusedBytesMax = 64 * 1024 * 1024;
// A writer that is busy is asked again after a pause that doubles, for this long in all.
inline constexpr Duration kBusyPauseMin{5};
inline constexpr Duration kBusyPauseMax{1000};
inline constexpr Duration kBusyWaitMax{600'000};
// Contents of payloads. Text in characters (GB/T 39046, after the domain's field table).
inline constexpr size_t kCaseNoCharsMax = 50;
inline constexpr size_t kSourceCharsMax = 32;
inline constexpr size_t kSourceEventIdCharsMax = 64;
inline constexpr size_t kNameCharsMax = 200;
inline constexpr size_t kPrivateTextCharsMax = 4000;
inline constexpr size_t kOfficerIdCharsMax = 32;
inline constexpr size_t kPostCharsMax = 64;
// Codes, serial numbers and document numbers inside an event.
inline constexpr size_t kShortCodeCharsMax = 64;
inline constexpr size_t kProjectNameCharsMax = 1000;
// A limit beyond this is a mistake: 27 years of days.
inline constexpr uint32_t kLimitCountMax = 10'000;
// Fields that one correction may name.
inline constexpr size_t kCorrectFieldsMax = 32;
// Counts and sums in payloads, fen included: 100 billion yuan in one row, and 900,000 such rows
// still add up in 64 bits.
inline constexpr int64_t kMeasureMax = 10'000'000'000'000;
// Entries of a list in a payload: facts of an alarm, witnessed sizes.
inline constexpr size_t kFactsMax = 64;
inline constexpr size_t kWitnessEntriesMax = 4096;
inline constexpr int64_t kOrderAlarmsMax = 64;
// What an error message repeats of a bad value.
inline constexpr size_t kExcerptBytesMax = 60;

}  // namespace tj::limits

#endif  // TJ_PROTOCOL_VOCAB_LIMITS_H_
