#include "crypto/note.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "crypto/sm3.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"

namespace tj::crypto {
namespace {

constexpr std::string_view kLedgerPrefix = "tongjian/node/";
// EM DASH and a space, as C2SP signed notes begin a signature line.
constexpr std::string_view kLinePrefix = "\xe2\x80\x94 ";
constexpr std::string_view kSeenSuffix = "/seen";
constexpr std::string_view kHeldSuffix = "/held";
constexpr size_t kKeyIdBytes = 4;
// 1900-01-01 and 3000-01-01: what Instant::ParseCanonical accepts.
constexpr Instant kTimeMin{-2'208'988'800'000};
constexpr Instant kTimeEnd{32'503'680'000'000};

absl::Status Bad(std::string_view what) { return Error(ErrorCode::kCryptoNote, what); }

bool HasText(Instant at) { return kTimeMin <= at && at < kTimeEnd; }

// Takes the text up to `end` off the front of `rest`, and `end` with it.
std::optional<std::string_view> TakeUntil(std::string_view& rest, char end) {
  const size_t length = rest.find(end);
  if (length == std::string_view::npos) return std::nullopt;
  const std::string_view piece = rest.substr(0, length);
  rest.remove_prefix(length + 1);
  return piece;
}

bool TakePrefix(std::string_view& rest, std::string_view prefix) {
  if (!rest.starts_with(prefix)) return false;
  rest.remove_prefix(prefix.size());
  return true;
}

// Decimal without sign or leading zeros, at most kLedgerSizeMax.
std::optional<uint64_t> ParseSize(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > limits::kLedgerSizeMax) {
    return std::nullopt;
  }
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  return value;
}

// Takes a DER INTEGER that is positive, in the shortest form, at most 256 bits.
bool TakeDerPositive(ByteView& rest) {
  if (rest.size() < 3 || rest[0] != 0x02) return false;
  const auto length = static_cast<uint8_t>(rest[1]);
  if (length < 1 || length > 33 || rest.size() < size_t{2} + length) return false;
  const auto first = static_cast<uint8_t>(rest[2]);
  if (first >= 0x80) return false;  // negative
  if (first == 0 && (length == 1 || static_cast<uint8_t>(rest[3]) < 0x80)) return false;
  if (length == 33 && first != 0) return false;
  rest.remove_prefix(size_t{2} + length);
  return true;
}

// SEQUENCE { INTEGER r, INTEGER s } (GM/T 0009) in the only DER spelling. That r and s are below
// the group's order is the verification's business.
bool IsCanonicalSignature(ByteView der) {
  if (der.size() > limits::kSignatureBytesMax || der.size() < 2) return false;
  if (der[0] != 0x30 || static_cast<uint8_t>(der[1]) != der.size() - 2) return false;
  der.remove_prefix(2);
  return TakeDerPositive(der) && TakeDerPositive(der) && der.empty();
}

std::string_view SuffixOf(StatementKind kind) {
  switch (kind) {
    case StatementKind::kOrigin:
      return "";
    case StatementKind::kSeen:
      return kSeenSuffix;
    case StatementKind::kHeld:
      return kHeldSuffix;
  }
  TJ_CHECK(false);
}

absl::StatusOr<Head> TakeHead(std::string_view& rest) {
  const auto name = TakeUntil(rest, '\n');
  const auto size = TakeUntil(rest, '\n');
  const auto root = TakeUntil(rest, '\n');
  const auto time = TakeUntil(rest, '\n');
  if (!time) return Bad("fewer than four lines");
  std::string_view id = *name;
  if (!TakePrefix(id, kLedgerPrefix)) return Bad("line 1: no tongjian/node/");
  absl::StatusOr<LedgerId> ledger = LedgerId::Parse(id);
  if (!ledger.ok()) return Bad(Cat("line 1: ", DetailOf(ledger.status())));
  const std::optional<uint64_t> leaves = ParseSize(*size);
  if (!leaves) return Bad("line 2: no size");
  const std::optional<Bytes> root_bytes = Base64Decode(*root);
  const std::optional<Hash> root_hash = root_bytes ? Hash::FromBytes(*root_bytes) : std::nullopt;
  if (!root_hash) return Bad("line 3: no root");
  const absl::StatusOr<Instant> at = Instant::ParseCanonical(*time);
  if (!at.ok()) return Bad(Cat("line 4: ", DetailOf(at.status())));
  return Head{*std::move(ledger), *leaves, *root_hash, *at};
}

// `line` is without its LF.
absl::StatusOr<NoteSignature> ParseLine(std::string_view line, const Head& head) {
  if (!TakePrefix(line, kLinePrefix)) return Bad("signature line begins otherwise");
  std::optional<std::string_view> name = TakeUntil(line, ' ');
  const std::optional<Bytes> blob = name ? Base64Decode(line) : std::nullopt;
  if (!blob) return Bad("signature is not base64");

  StatementKind kind = StatementKind::kOrigin;
  if (name->ends_with(kSeenSuffix)) kind = StatementKind::kSeen;
  if (name->ends_with(kHeldSuffix)) kind = StatementKind::kHeld;
  name->remove_suffix(SuffixOf(kind).size());
  absl::StatusOr<NodeCode> signer = NodeCode::Parse(*name);
  if (!signer.ok()) return Bad(Cat("signer: ", DetailOf(signer.status())));
  NoteSignature out{.kind = kind, .signer = *std::move(signer)};

  wire::Reader reader(*blob);
  const ByteView key_id = reader.Raw(kKeyIdBytes);
  if (kind != StatementKind::kOrigin) {
    out.profile = reader.U8();
    out.at.ms = static_cast<int64_t>(reader.U64());
    if (out.profile == 0) return Bad("statement without a crypto profile");
    if (!HasText(out.at)) return Bad("time of a statement out of range");
  } else if (out.signer != head.ledger.origin) {
    return Bad("head signed by another node");
  }
  out.der = Bytes(reader.Raw(reader.remaining()));
  if (!reader.ok() || !IsCanonicalSignature(out.der)) return Bad("signature is not canonical DER");
  std::copy(key_id.begin(), key_id.end(), out.key_id.begin());
  return out;
}

bool SameLine(const NoteSignature& a, const NoteSignature& b) {
  return a.kind == b.kind && a.signer == b.signer && a.key_id == b.key_id;
}

absl::StatusOr<NoteSignature> Sign(const Head& head, NoteSignature line, Signer& signer) {
  if (head.size > limits::kLedgerSizeMax) return Bad("size beyond 2^63 - 1");
  if (!HasText(head.at) || !HasText(line.at)) return Bad("time out of range");
  line.key_id = KeyId(line.signer, signer.PublicPoint());
  TJ_ASSIGN_OR_RETURN(line.der,
                      signer.Sign(SignedText(head, line.kind, line.signer, line.profile, line.at)));
  return line;
}

}  // namespace

std::string Head::Text() const {
  return Cat(kLedgerPrefix, ledger.Text(), "\n", size, "\n", Base64Encode(root.view()), "\n",
             at.Text(), "\n");
}

std::string NoteSignature::Line() const {
  Bytes blob;
  wire::Writer writer(blob);
  writer.Raw({reinterpret_cast<const char*>(key_id.data()), key_id.size()});
  if (kind != StatementKind::kOrigin) {
    writer.U8(profile);
    writer.U64(static_cast<uint64_t>(at.ms));
  }
  writer.Raw(der);
  return Cat(kLinePrefix, signer.text(), SuffixOf(kind), " ", Base64Encode(blob), "\n");
}

std::string Note::Text() const {
  std::string text = Cat(head.Text(), "\n");
  for (const NoteSignature& signature : signatures) text += signature.Line();
  return text;
}

const NoteSignature* Note::Find(StatementKind kind, const NodeCode& signer) const {
  const auto found = std::find_if(
      signatures.begin(), signatures.end(),
      [&](const NoteSignature& line) { return line.kind == kind && line.signer == signer; });
  return found == signatures.end() ? nullptr : &*found;
}

absl::StatusOr<Note> ParseNote(std::string_view text) {
  if (text.size() > limits::kNoteBytesMax) return Bad("too long");
  TJ_ASSIGN_OR_RETURN(Head head, TakeHead(text));
  if (!TakePrefix(text, "\n")) return Bad("no empty line after the head");
  Note note{std::move(head), {}};
  while (!text.empty()) {
    const auto line = TakeUntil(text, '\n');
    if (!line) return Bad("last line does not end");
    if (note.signatures.size() == limits::kNoteSignaturesMax)
      return Bad("too many signature lines");
    TJ_ASSIGN_OR_RETURN(NoteSignature signature, ParseLine(*line, note.head));
    for (const NoteSignature& earlier : note.signatures) {
      if (SameLine(earlier, signature)) return Bad("one key signs twice");
    }
    note.signatures.push_back(std::move(signature));
  }
  if (note.signatures.empty()) return Bad("no signature line");
  return note;
}

std::array<uint8_t, kKeyIdBytes> KeyId(const NodeCode& signer, ByteView public_point) {
  const Hash hash = Sm3Of({signer.text(), "\n\xff", "tongjian/sm2", public_point});
  std::array<uint8_t, kKeyIdBytes> id;
  std::copy_n(hash.data.begin(), id.size(), id.begin());
  return id;
}

std::string SignedText(const Head& head, StatementKind kind, const NodeCode& signer,
                       uint8_t profile, Instant at) {
  if (kind == StatementKind::kOrigin) return head.Text();
  return Cat("tongjian", SuffixOf(kind), "/v1\n", at.Text(), "\n", signer.text(), "\n",
             unsigned{profile}, "\n", head.Text());
}

absl::StatusOr<Note> SignHead(const Head& head, Signer& signer) {
  TJ_ASSIGN_OR_RETURN(
      NoteSignature line,
      Sign(head, {.kind = StatementKind::kOrigin, .signer = head.ledger.origin}, signer));
  return Note{head, {std::move(line)}};
}

absl::StatusOr<NoteSignature> SignStatement(const Head& head, StatementKind kind,
                                            const NodeCode& cosigner, uint8_t profile, Instant at,
                                            Signer& signer) {
  TJ_CHECK(kind != StatementKind::kOrigin && profile != 0);
  return Sign(head, {.kind = kind, .signer = cosigner, .profile = profile, .at = at}, signer);
}

absl::Status VerifySignature(const Head& head, const NoteSignature& line, const Sm2PublicKey& key) {
  if (line.kind == StatementKind::kOrigin && line.signer != head.ledger.origin) {
    return Error(ErrorCode::kCryptoSignature, "head signed by another node");
  }
  if (line.key_id != KeyId(line.signer, key.Point())) {
    return Error(ErrorCode::kCryptoSignature, Cat("not this key of ", line.signer.text()));
  }
  return key.Verify(SignedText(head, line.kind, line.signer, line.profile, line.at), line.der,
                    kSm2DefaultId);
}

}  // namespace tj::crypto
