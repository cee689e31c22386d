// From a peer's bytes to a Frame: bounds first, then Protobuf, then every field.

#include <algorithm>
#include <set>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/frame.pb.h"
#include "protocol/wire/parse_proto.h"

namespace tj::wire {
namespace {

constexpr size_t kErrorNameBytesMax = 40;  // the longest today has 18
constexpr uint32_t kProfileMax = 255;      // one byte in a statement

absl::Status Bad(std::string_view field, std::string_view what) {
  return Error(ErrorCode::kWireFrame, Cat(field, ": ", what));
}

absl::Status Beyond(std::string_view field, size_t value, size_t max) {
  return Error(ErrorCode::kWireLimit, Cat(field, ": ", value, ", at most ", max));
}

// Walks over the fields of a Protobuf message without keeping any; calls `visit` with number and
// contents of each length-delimited one. False if `visit` says so, or if the message is torn, has
// groups, or more than `fields_max` fields.
template <typename Visit>
bool WalkFields(ByteView message, size_t fields_max, const Visit& visit) {
  Reader reader(message);
  for (size_t n = 0; reader.remaining() > 0; ++n) {
    if (n == fields_max) return false;
    const uint64_t tag = reader.Varint();
    switch (tag & 7) {
      case 0:
        reader.Varint();
        break;
      case 1:
        reader.Raw(8);
        break;
      case 2:
        if (!visit(tag >> 3, reader.Prefixed(message.size()))) return false;
        break;
      case 5:
        reader.Raw(4);
        break;
      default:
        return false;
    }
  }
  return reader.ok();
}

// Empty strings cost two bytes on the wire and forty in memory: how many fields there are is
// bounded before Protobuf allocates any.
bool FieldsWithinBounds(ByteView frame) {
  constexpr size_t kOuterFieldsMax = 16;
  return WalkFields(frame, kOuterFieldsMax, [](uint64_t number, ByteView kind) {
    if (number > v1::Frame::kPingFieldNumber) return true;  // unknown, kept as one string
    return WalkFields(kind, limits::kFrameFieldsMax, [](uint64_t, ByteView) { return true; });
  });
}

absl::StatusOr<LedgerId> ReadLedger(std::string_view field, const std::string& text) {
  auto ledger = LedgerId::Parse(text);
  if (!ledger.ok()) return Bad(field, DetailOf(ledger.status()));
  return ledger;
}

absl::Status CheckNote(std::string_view field, const Bytes& note) {
  if (note.empty()) return Bad(field, "missing");
  if (note.size() > limits::kNoteBytesMax) return Beyond(field, note.size(), limits::kNoteBytesMax);
  return absl::OkStatus();
}

absl::Status CheckSize(std::string_view field, uint64_t size) {
  if (size > limits::kLedgerSizeMax) return Beyond(field, size, limits::kLedgerSizeMax);
  return absl::OkStatus();
}

// Protobuf has checked that it is UTF-8.
absl::Status CheckText(std::string_view field, const std::string& text) {
  if (text.size() > limits::kFrameTextBytesMax) {
    return Beyond(field, text.size(), limits::kFrameTextBytesMax);
  }
  if (PrintableExcerpt(text, limits::kFrameTextBytesMax) != text) {
    return Bad(field, "control characters");
  }
  return absl::OkStatus();
}

template <typename Repeated>
absl::StatusOr<std::vector<Hash>> ReadProof(std::string_view field, const Repeated& hashes) {
  const auto count = static_cast<size_t>(hashes.size());
  if (count > limits::kProofHashesMax) return Beyond(field, count, limits::kProofHashesMax);
  std::vector<Hash> proof;
  proof.reserve(count);
  for (const Bytes& bytes : hashes) {
    const auto hash = Hash::FromBytes(bytes);
    if (!hash) return Bad(field, Cat("hash of ", bytes.size(), " bytes"));
    proof.push_back(*hash);
  }
  return proof;
}

absl::StatusOr<HeldLedger> ReadHeld(v1::HeldLedger& message) {
  TJ_ASSIGN_OR_RETURN(LedgerId ledger, ReadLedger("hello.held.ledger", message.ledger()));
  TJ_RETURN_IF_ERROR(CheckSize("hello.held.size", message.size()));
  if (!message.head().empty()) TJ_RETURN_IF_ERROR(CheckNote("hello.held.head", message.head()));
  return HeldLedger{std::move(ledger), message.size(), std::move(*message.mutable_head())};
}

absl::StatusOr<Frame> Read(v1::Hello& message) {
  auto node = NodeCode::Parse(message.node());
  if (!node.ok()) return Bad("hello.node", DetailOf(node.status()));
  Hello hello{*std::move(node), message.version_min(), message.version_max(), {}, 0, {}, {}};
  if (hello.version_min == 0) return Bad("hello.version_min", "zero");
  if (hello.version_max < hello.version_min) return Bad("hello.version_max", "below version_min");
  TJ_RETURN_IF_ERROR(CheckText("hello.software", message.software()));
  hello.software = message.software();
  hello.profile = message.profile();
  if (hello.profile == 0 || hello.profile > kProfileMax) {
    return Bad("hello.profile", Cat(hello.profile));
  }
  for (const int count : {message.held_size(), message.offered_size()}) {
    if (static_cast<size_t>(count) > limits::kLedgersPerPeerMax) {
      return Beyond("hello ledgers", static_cast<size_t>(count), limits::kLedgersPerPeerMax);
    }
  }
  std::set<LedgerId> seen;
  for (v1::HeldLedger& entry : *message.mutable_held()) {
    TJ_ASSIGN_OR_RETURN(HeldLedger held, ReadHeld(entry));
    if (!seen.insert(held.ledger).second) return Bad("hello.held.ledger", "named twice");
    hello.held.push_back(std::move(held));
  }
  seen.clear();
  for (const std::string& text : message.offered()) {
    TJ_ASSIGN_OR_RETURN(LedgerId ledger, ReadLedger("hello.offered", text));
    if (!seen.insert(ledger).second) return Bad("hello.offered", "named twice");
    hello.offered.push_back(std::move(ledger));
  }
  return hello;
}

absl::StatusOr<Frame> Read(v1::HeadFrame& message) {
  TJ_RETURN_IF_ERROR(CheckNote("head.note", message.note()));
  TJ_RETURN_IF_ERROR(CheckSize("head.from_size", message.from_size()));
  TJ_ASSIGN_OR_RETURN(auto proof, ReadProof("head.consistency", message.consistency()));
  if (message.from_size() == 0 && !proof.empty()) return Bad("head.consistency", "from size 0");
  return HeadFrame{std::move(*message.mutable_note()), message.from_size(), std::move(proof)};
}

absl::StatusOr<Frame> Read(v1::SegmentFrame& message) {
  TJ_ASSIGN_OR_RETURN(LedgerId ledger, ReadLedger("segment.ledger", message.ledger()));
  TJ_RETURN_IF_ERROR(CheckSize("segment.head_size", message.head_size()));
  if (message.first() >= message.head_size()) return Bad("segment.first", "not below head_size");
  if (message.segment().empty()) return Bad("segment.segment", "missing");
  if (message.segment().size() > limits::kSegmentBytesMax) {
    return Beyond("segment.segment", message.segment().size(), limits::kSegmentBytesMax);
  }
  TJ_ASSIGN_OR_RETURN(auto proof, ReadProof("segment.consistency", message.consistency()));
  return SegmentFrame{std::move(ledger), Index{message.first()},
                      std::move(*message.mutable_segment()), message.head_size(), std::move(proof)};
}

absl::StatusOr<Frame> Read(v1::OpenFrame& message) {
  TJ_ASSIGN_OR_RETURN(LedgerId ledger, ReadLedger("open.ledger", message.ledger()));
  if (message.count() == 0) return Bad("open.count", "zero");
  if (message.count() > limits::kOpenRangeMax) {
    return Beyond("open.count", message.count(), limits::kOpenRangeMax);
  }
  TJ_RETURN_IF_ERROR(CheckSize("open.first", message.first()));
  TJ_RETURN_IF_ERROR(CheckSize("open.first", message.first() + message.count()));
  return OpenFrame{std::move(ledger), Index{message.first()}, message.count()};
}

absl::StatusOr<Frame> Read(v1::OpenedFrame& message) {
  TJ_ASSIGN_OR_RETURN(LedgerId ledger, ReadLedger("opened.ledger", message.ledger()));
  if (message.index() >= limits::kLedgerSizeMax) {
    return Beyond("opened.index", message.index(), limits::kLedgerSizeMax - 1);
  }
  const auto header = DecodeHeader(message.header());
  if (!header.ok()) return Bad("opened.header", DetailOf(header.status()));
  const size_t body_bytes = message.body().size();
  if (body_bytes < kBodyBytesMin) return Bad("opened.body", "missing or too short");
  if (body_bytes > limits::kBodyBytesMax) {
    return Beyond("opened.body", body_bytes, limits::kBodyBytesMax);
  }
  TJ_RETURN_IF_ERROR(CheckNote("opened.head", message.head()));
  const size_t parts_bytes = message.sealed_parts().size();
  if (parts_bytes > limits::kSealedPartsBytesMax) {
    return Beyond("opened.sealed_parts", parts_bytes, limits::kSealedPartsBytesMax);
  }
  TJ_ASSIGN_OR_RETURN(auto proof, ReadProof("opened.inclusion", message.inclusion()));
  return OpenedFrame{std::move(ledger),
                     Index{message.index()},
                     std::move(*message.mutable_header()),
                     std::move(*message.mutable_body()),
                     std::move(*message.mutable_head()),
                     std::move(proof),
                     std::move(*message.mutable_sealed_parts())};
}

absl::StatusOr<Frame> Read(v1::RefuseFrame& message) {
  if (!message.ledger().empty()) {
    TJ_RETURN_IF_ERROR(ReadLedger("refuse.ledger", message.ledger()).status());
  }
  // A newer peer may know codes that we do not: any word in the form of a code will do.
  const std::string& code = message.code();
  if (code.empty() || code.size() > kErrorNameBytesMax ||
      !std::all_of(code.begin(), code.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
      })) {
    return Bad("refuse.code", Cat("\"", PrintableExcerpt(code), "\""));
  }
  TJ_RETURN_IF_ERROR(CheckText("refuse.detail", message.detail()));
  TJ_RETURN_IF_ERROR(CheckSize("refuse.size", message.size()));
  return RefuseFrame{message.ledger(), code, message.detail(), message.retry(), message.size()};
}

absl::StatusOr<Frame> Read(v1::CreditFrame& message) {
  if (message.bytes() == 0) return Bad("credit.bytes", "zero");
  if (message.bytes() > limits::kCreditGrantBytesMax) {
    return Beyond("credit.bytes", message.bytes(), limits::kCreditGrantBytesMax);
  }
  return CreditFrame{message.bytes()};
}

absl::StatusOr<Frame> Read(v1::PingFrame& message) {
  const Instant at{message.at_ms()};
  if (at < limits::kRecordedAtMin || at >= limits::kTimeEnd) {
    return Bad("ping.at_ms", "out of range");
  }
  return PingFrame{message.nonce(), message.reply(), at};
}

template <typename Statement>
absl::StatusOr<Frame> ReadStatement(std::string_view field, v1::StatementFrame& message) {
  TJ_RETURN_IF_ERROR(CheckNote(field, message.note()));
  return Statement{std::move(*message.mutable_note())};
}

}  // namespace

absl::StatusOr<Frame> DecodeFrame(ByteView bytes) {
  if (bytes.size() > limits::kFrameBytesMax) {
    return Beyond("frame", bytes.size(), limits::kFrameBytesMax);
  }
  if (!FieldsWithinBounds(bytes)) return Bad("frame", "torn, or too many fields");
  v1::Frame message;
  if (!ParseProto(bytes, message)) {
    return Bad("frame", "not a Protobuf message of its kind");
  }
  switch (message.kind_case()) {
    case v1::Frame::kHello:
      return Read(*message.mutable_hello());
    case v1::Frame::kHead:
      return Read(*message.mutable_head());
    case v1::Frame::kSegment:
      return Read(*message.mutable_segment());
    case v1::Frame::kSeen:
      return ReadStatement<SeenFrame>("seen.note", *message.mutable_seen());
    case v1::Frame::kHeld:
      return ReadStatement<HeldFrame>("held.note", *message.mutable_held());
    case v1::Frame::kOpen:
      return Read(*message.mutable_open());
    case v1::Frame::kOpened:
      return Read(*message.mutable_opened());
    case v1::Frame::kRefuse:
      return Read(*message.mutable_refuse());
    case v1::Frame::kCredit:
      return Read(*message.mutable_credit());
    case v1::Frame::kPing:
      return Read(*message.mutable_ping());
    case v1::Frame::KIND_NOT_SET:
      break;
  }
  return Bad("frame", "no kind known here");
}

}  // namespace tj::wire
