// Identities that two nodes must agree on before any message: who a node is, which ledger, which
// record in it. Value types, immutable, any thread. Each is checked once, where it enters;
// afterwards it cannot be wrong.

#ifndef TJ_PROTOCOL_VOCAB_IDS_H_
#define TJ_PROTOCOL_VOCAB_IDS_H_

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace tj {

// A node's name: a region code of 6 or 9 digits (GB/T 2260, GB/T 10114), optionally with "-nnn" for
// a department or zone: 370826, 370826001, 370826-003. Also the DNS SAN "<code>.node.tongjian" of
// the node's certificates.
class NodeCode {
 public:
  static absl::StatusOr<NodeCode> Parse(std::string_view text);  // VALUE-NODE-CODE
  const std::string& text() const { return text_; }
  // The region part: the digits before any "-".
  std::string_view region() const { return std::string_view(text_).substr(0, text_.find('-')); }
  std::string DnsName() const { return text_ + ".node.tongjian"; }
  auto operator<=>(const NodeCode&) const = default;

 private:
  explicit NodeCode(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// A ledger's generation, from 1. It rises only when a signed head is lost beyond recovery; the old
// one stays frozen.
struct Epoch {
  uint32_t value = 1;
  auto operator<=>(const Epoch&) const = default;
};

// Position of a record in its ledger, from 0, without gaps.
struct Index {
  uint64_t value = 0;
  auto operator<=>(const Index&) const = default;
};

// One append-only ledger: who writes it, and in which generation.
struct LedgerId {
  NodeCode origin;
  Epoch epoch;
  // "370826/1", as in the first line of a head.
  std::string Text() const;
  static absl::StatusOr<LedgerId> Parse(std::string_view text);  // VALUE-LEDGER-ID
  auto operator<=>(const LedgerId&) const = default;
};

// An administrative division: 6 digits (GB/T 2260) or 9 (town).
class RegionCode {
 public:
  static absl::StatusOr<RegionCode> Parse(std::string_view text);  // VALUE-REGION
  const std::string& text() const { return text_; }
  auto operator<=>(const RegionCode&) const = default;

 private:
  explicit RegionCode(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// A unified social credit code (GB 32100-2015): 18 characters, the last a check character (modulus
// 31).
class CreditCode {
 public:
  static absl::StatusOr<CreditCode> Parse(std::string_view text);  // VALUE-CREDIT-CODE
  // The check character for the first 17, '\0' if one of them is not of the alphabet.
  static char CheckCharacter(std::string_view first17);
  const std::string& text() const { return text_; }
  auto operator<=>(const CreditCode&) const = default;

 private:
  explicit CreditCode(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// An item's code (DOMAIN §B.3): 基本编码 of 10 to 12 characters or 实施编码 of 24 to 36. Of length
// 31 (credit code 18 + level 1 + catalogue code 12) its credit code, level (1–7) and task type must
// be well-formed.
class ItemCode {
 public:
  static absl::StatusOr<ItemCode> Parse(std::string_view text);  // VALUE-ITEM-CODE
  const std::string& text() const { return text_; }
  auto operator<=>(const ItemCode&) const = default;

 private:
  explicit ItemCode(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace tj

#endif  // TJ_PROTOCOL_VOCAB_IDS_H_
