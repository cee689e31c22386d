// The signed manifest that a bundle file opens with (SPEC.md §11): who seals what for whom, which
// part of how many, which ledgers and ranges. Its sender signs it with the key that signs its
// heads. Parsed strictly: one spelling for one manifest. Value types; any thread.
//
//   tongjian/bundle/v1
//   370826                          sender
//   370800                          receiver
//   2026-11-22T08:12:03.123Z        made at: with the sender the name of the bundle
//   1 3                             part, of so many
//   <base64>                        SM3 over the file's preface
//   <base64>                        SM3 over the text of the part before; zeros in the first
//   <base64>                        SM3 over the macs of the file's frame chunks
//   12                              frame chunks
//   370826/1 0 5000 10000           ledger, first leaf, end, size of its head; one line a ledger
//   <empty line>
//   — 370826 <base64(key id 4 ‖ DER signature)>      over the text above

#ifndef TJ_CRYPTO_BUNDLE_MANIFEST_H_
#define TJ_CRYPTO_BUNDLE_MANIFEST_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/signer.h"
#include "crypto/sm2.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"

namespace tj::crypto {

// Leaves [first, end) of a ledger under a head of `head_size` leaves; first = end: its head alone.
struct BundleRange {
  LedgerId ledger;
  uint64_t first = 0;
  uint64_t end = 0;
  uint64_t head_size = 0;
  bool operator==(const BundleRange&) const = default;
};

struct BundleManifest {
  NodeCode sender;
  NodeCode receiver;
  Instant made_at;
  uint32_t part = 1;
  uint32_t parts = 1;
  Hash preface;
  Hash previous;
  Hash content;
  uint64_t chunks = 0;
  std::vector<BundleRange> ranges;  // ascending ledgers, each once

  std::string Text() const;  // what is signed
  bool operator==(const BundleManifest&) const = default;
};

struct SignedManifest {
  BundleManifest manifest;
  std::array<uint8_t, 4> key_id{};
  Bytes der;

  std::string Text() const;  // with its signature line
};

absl::StatusOr<SignedManifest> SignManifest(BundleManifest manifest, Signer& signer);
// SYNC-BUNDLE.
absl::StatusOr<SignedManifest> ParseManifest(std::string_view text);

// The longest text with so many ranges; a file keeps room for it.
size_t ManifestBytesMax(size_t ranges);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_BUNDLE_MANIFEST_H_
