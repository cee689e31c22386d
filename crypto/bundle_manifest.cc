#include "crypto/bundle_manifest.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "crypto/note.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::crypto {
namespace {

constexpr std::string_view kTitle = "tongjian/bundle/v1";
// EM DASH and a space, as in notes.
constexpr std::string_view kLinePrefix = "\xe2\x80\x94 ";
constexpr size_t kKeyIdBytes = 4;

absl::Status Bad(std::string_view what) {
  return Error(ErrorCode::kSyncBundle, Cat("manifest: ", what));
}

// Lines and words of a text, from the front. The first failure sticks.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  std::string_view Until(char end) {
    const size_t length = rest_.find(end);
    if (length == std::string_view::npos) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view piece = rest_.substr(0, length);
    rest_.remove_prefix(length + 1);
    return piece;
  }
  // Decimal without sign or leading zeros.
  uint64_t Number(char end, uint64_t max) {
    const std::string_view text = Until(end);
    uint64_t value = 0;
    const auto [last, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    ok_ = ok_ && error == std::errc() && last == text.data() + text.size() && value <= max &&
          (text.size() == 1 || text[0] != '0');
    return value;
  }
  Hash HashLine() {
    const auto bytes = Base64Decode(Until('\n'));
    const auto hash = bytes ? Hash::FromBytes(*bytes) : std::nullopt;
    ok_ = ok_ && hash.has_value();
    return hash.value_or(Hash());
  }
  bool Next(char c) const { return !rest_.empty() && rest_[0] == c; }
  std::string_view rest() const { return rest_; }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

absl::Status TakeRanges(Words& words, std::vector<BundleRange>& ranges) {
  while (words.ok() && !words.Next('\n')) {
    if (ranges.size() == limits::kLedgersPerPeerMax) return Bad("too many ledgers");
    auto ledger = LedgerId::Parse(words.Until(' '));
    if (!ledger.ok()) return Bad("a ledger that is none");
    BundleRange range{.ledger = *std::move(ledger)};
    range.first = words.Number(' ', limits::kLedgerSizeMax);
    range.end = words.Number(' ', limits::kLedgerSizeMax);
    range.head_size = words.Number('\n', limits::kLedgerSizeMax);
    if (!words.ok() || range.first > range.end || range.end > range.head_size) {
      return Bad("a range that is none");
    }
    if (!ranges.empty() && !(ranges.back().ledger < range.ledger)) return Bad("order of ledgers");
    ranges.push_back(std::move(range));
  }
  return absl::OkStatus();
}

absl::Status TakeSignature(Words& words, SignedManifest& out) {
  std::string_view line = words.Until('\n');
  if (!words.ok() || !words.rest().empty() || !line.starts_with(kLinePrefix)) {
    return Bad("no signature line at the end");
  }
  line.remove_prefix(kLinePrefix.size());
  const std::string name = Cat(out.manifest.sender.text(), " ");
  if (!line.starts_with(name)) return Bad("signed by another than the sender");
  const auto blob = Base64Decode(line.substr(name.size()));
  if (!blob || blob->size() <= kKeyIdBytes ||
      blob->size() > kKeyIdBytes + limits::kSignatureBytesMax) {
    return Bad("signature");
  }
  std::copy_n(blob->begin(), kKeyIdBytes, out.key_id.begin());
  out.der = blob->substr(kKeyIdBytes);
  return absl::OkStatus();
}

}  // namespace

std::string BundleManifest::Text() const {
  std::string text = Cat(kTitle, "\n", sender.text(), "\n", receiver.text(), "\n", made_at.Text(),
                         "\n", part, " ", parts, "\n");
  for (const Hash* hash : {&preface, &previous, &content}) {
    text += Cat(Base64Encode(hash->view()), "\n");
  }
  text += Cat(chunks, "\n");
  for (const BundleRange& range : ranges) {
    text += Cat(range.ledger.Text(), " ", range.first, " ", range.end, " ", range.head_size, "\n");
  }
  return text;
}

std::string SignedManifest::Text() const {
  Bytes blob(reinterpret_cast<const char*>(key_id.data()), key_id.size());
  blob += der;
  return Cat(manifest.Text(), "\n", kLinePrefix, manifest.sender.text(), " ", Base64Encode(blob),
             "\n");
}

absl::StatusOr<SignedManifest> SignManifest(BundleManifest manifest, Signer& signer) {
  SignedManifest out{.manifest = std::move(manifest)};
  out.key_id = KeyId(out.manifest.sender, signer.PublicPoint());
  TJ_ASSIGN_OR_RETURN(out.der, signer.Sign(out.manifest.Text()));
  return out;
}

absl::StatusOr<SignedManifest> ParseManifest(std::string_view text) {
  if (text.size() > limits::kBundleManifestBytesMax) return Bad("too long");
  Words words(text);
  if (words.Until('\n') != kTitle) return Bad("not of version 1");
  const auto sender = NodeCode::Parse(words.Until('\n'));
  const auto receiver = NodeCode::Parse(words.Until('\n'));
  const auto made_at = Instant::ParseCanonical(words.Until('\n'));
  if (!sender.ok() || !receiver.ok()) return Bad("sender or receiver");
  if (!made_at.ok()) return Bad("time");
  SignedManifest out{
      .manifest = {.sender = *sender, .receiver = *receiver, .made_at = *made_at, .ranges = {}}};
  BundleManifest& manifest = out.manifest;
  manifest.part = static_cast<uint32_t>(words.Number(' ', limits::kBundlePartsMax));
  manifest.parts = static_cast<uint32_t>(words.Number('\n', limits::kBundlePartsMax));
  manifest.preface = words.HashLine();
  manifest.previous = words.HashLine();
  manifest.content = words.HashLine();
  manifest.chunks = words.Number('\n', limits::kLedgerSizeMax);
  if (!words.ok() || manifest.part == 0 || manifest.part > manifest.parts) {
    return Bad("lines 5 to 9");
  }
  TJ_RETURN_IF_ERROR(TakeRanges(words, manifest.ranges));
  if (words.Until('\n') != "" || !words.ok()) return Bad("no empty line after the ranges");
  TJ_RETURN_IF_ERROR(TakeSignature(words, out));
  return out;
}

size_t ManifestBytesMax(size_t ranges) {
  constexpr size_t kFixed = 1024;  // title, two codes, time, numbers, three hashes, signature
  constexpr size_t kRange = 96;    // a ledger of at most 24 characters and three of 19 digits
  return kFixed + kRange * ranges;
}

}  // namespace tj::crypto
