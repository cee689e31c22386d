#include "protocol/wire/record.h"

#include <algorithm>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"

namespace tj::wire {
namespace {

// Protobuf's tag of CaseEvent.previous: field 1000, wire type 1 (64 bits): 1000 << 3 | 1 = 8001.
constexpr ByteView kPreviousTag = "\xc1\x3e";
constexpr size_t kPreviousValueBytes = 8;
constexpr size_t kPreviousFieldBytes = kPreviousTag.size() + kPreviousValueBytes;

absl::Status Bad(std::string_view detail) { return Error(ErrorCode::kWireRecord, detail); }

// Takes the last `n` bytes off `bytes`, which must have them.
ByteView TakeLast(ByteView& bytes, size_t n) {
  const ByteView last = bytes.substr(bytes.size() - n);
  bytes.remove_suffix(n);
  return last;
}

}  // namespace

absl::Status CheckHeader(const Header& header) {
  if (header.version != kRecordVersion) return Bad(Cat("header version ", header.version));
  if (header.family == Family::kUnspecified) return Bad("header without a family");
  const auto audience = static_cast<uint8_t>(header.audience);
  if (audience < static_cast<uint8_t>(Audience::kLocal) ||
      audience > static_cast<uint8_t>(Audience::kAddressed)) {
    return Bad(Cat("header audience ", audience));
  }
  const bool tagged =
      std::any_of(header.tag.begin(), header.tag.end(), [](uint8_t b) { return b != 0; });
  if (tagged != (header.audience == Audience::kAddressed)) {
    return Bad(tagged ? "header has a tag but is not addressed" : "header is addressed to no tag");
  }
  if (header.recorded_at < limits::kRecordedAtMin || header.recorded_at >= limits::kTimeEnd) {
    return Bad("header recorded_at out of range");
  }
  return absl::OkStatus();
}

void EncodeHeader(const Header& header, Bytes& out) {
  out.resize(out.size() + kHeaderBytes);
  EncodeHeader(header,
               std::span<char, kHeaderBytes>(out.data() + out.size() - kHeaderBytes, kHeaderBytes));
}

void EncodeHeader(const Header& header, std::span<char, kHeaderBytes> out) {
  const auto family = static_cast<uint16_t>(header.family);
  const auto recorded_at = static_cast<uint64_t>(header.recorded_at.ms);
  char* at = out.data();
  *at++ = static_cast<char>(header.version);
  *at++ = static_cast<char>(family >> 8);
  *at++ = static_cast<char>(family);
  *at++ = static_cast<char>(header.flags);
  *at++ = static_cast<char>(header.audience);
  at = std::copy(header.tag.begin(), header.tag.end(), at);
  for (int shift = 56; shift >= 0; shift -= 8) *at++ = static_cast<char>(recorded_at >> shift);
  *at = 0;
}

absl::StatusOr<Header> DecodeHeader(ByteView bytes) {
  if (bytes.size() != kHeaderBytes) return Bad(Cat("header of ", bytes.size(), " bytes"));
  Reader reader(bytes);
  Header header;
  header.version = reader.U8();
  header.family = static_cast<Family>(reader.U16());
  header.flags = reader.U8();
  header.audience = static_cast<Audience>(reader.U8());
  const ByteView tag = reader.Raw(kTagBytes);
  std::copy(tag.begin(), tag.end(), reinterpret_cast<char*>(header.tag.data()));
  header.recorded_at.ms = static_cast<int64_t>(reader.U64());
  if (reader.U8() != 0) return Bad("header does not end with a zero byte");
  if (auto status = CheckHeader(header); !status.ok()) return status;
  return header;
}

absl::StatusOr<Bytes> EncodeBody(ByteView salt, ByteView payload, const std::optional<Hash>& person,
                                 const std::optional<Hash>& text) {
  if (salt.size() != kSaltBytes) return Bad(Cat("salt of ", salt.size(), " bytes"));
  const size_t commitments = (person ? Hash::kSize : 0) + (text ? Hash::kSize : 0);
  if (payload.size() > limits::kBodyBytesMax - kBodyBytesMin - commitments) {
    return Error(ErrorCode::kWireLimit, Cat("payload of ", payload.size(), " bytes"));
  }
  Bytes body;
  body.reserve(kBodyBytesMin + payload.size() + commitments);
  body.append(salt).append(payload);
  uint8_t mask = 0;
  if (person) {
    body.append(person->view());
    mask |= kBodyMaskPerson;
  }
  if (text) {
    body.append(text->view());
    mask |= kBodyMaskText;
  }
  body.push_back(static_cast<char>(mask));
  return body;
}

absl::StatusOr<BodyView> DecodeBody(ByteView body) {
  if (body.size() > limits::kBodyBytesMax) {
    return Error(ErrorCode::kWireLimit, Cat("body of ", body.size(), " bytes"));
  }
  if (body.size() < kBodyBytesMin) return Bad(Cat("body of ", body.size(), " bytes"));
  BodyView view;
  view.salt = body.substr(0, kSaltBytes);
  body.remove_prefix(kSaltBytes);
  const auto mask = static_cast<uint8_t>(TakeLast(body, 1)[0]);
  if ((mask & ~kBodyMaskKnown) != 0) return Bad(Cat("body mask ", mask));
  for (const auto& [bit, target] :
       {std::pair{kBodyMaskText, &view.text}, std::pair{kBodyMaskPerson, &view.person}}) {
    if ((mask & bit) == 0) continue;
    if (body.size() < Hash::kSize) return Bad("body shorter than its commitments");
    *target = Hash::FromBytes(TakeLast(body, Hash::kSize));
  }
  view.payload = body;
  return view;
}

absl::Status PatchPrevious(Bytes& body, uint64_t previous) {
  auto view = DecodeBody(body);
  if (!view.ok()) return view.status();
  if (WithoutPrevious(view->payload).size() == view->payload.size()) {
    return Error(ErrorCode::kWirePayload, "payload does not end with `previous`");
  }
  const size_t end = kSaltBytes + view->payload.size();
  for (size_t i = 0; i < kPreviousValueBytes; ++i) {
    body[end - kPreviousValueBytes + i] = static_cast<char>(previous >> (8 * i));
  }
  return absl::OkStatus();
}

ByteView WithoutPrevious(ByteView payload) {
  if (payload.size() < kPreviousFieldBytes) return payload;
  const ByteView field = payload.substr(payload.size() - kPreviousFieldBytes);
  if (field.starts_with(kPreviousTag)) payload.remove_suffix(kPreviousFieldBytes);
  return payload;
}

}  // namespace tj::wire
