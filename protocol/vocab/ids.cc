#include "protocol/vocab/ids.h"

#include <algorithm>
#include <charconv>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"

namespace tj {
namespace {

bool AllDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsRegion(std::string_view text) {
  return (text.size() == 6 || text.size() == 9) && AllDigits(text) && text[0] != '0';
}

// What a message may repeat of a bad value: cut, and without control characters.
std::string Quoted(std::string_view text) { return Cat("\"", PrintableExcerpt(text), "\""); }

// GB 32100-2015 §4: digits and capitals without I, O, S, V, Z.
constexpr std::string_view kCreditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";

}  // namespace

absl::StatusOr<NodeCode> NodeCode::Parse(std::string_view text) {
  const size_t dash = text.find('-');
  const bool suffix_ok = dash == std::string_view::npos ||
                         (text.size() == dash + 4 && AllDigits(text.substr(dash + 1)));
  if (!suffix_ok || !IsRegion(text.substr(0, dash))) {
    return Error(ErrorCode::kValueNodeCode, Quoted(text));
  }
  return NodeCode(std::string(text));
}

std::string LedgerId::Text() const { return Cat(origin.text(), "/", epoch.value); }

absl::StatusOr<LedgerId> LedgerId::Parse(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return Error(ErrorCode::kValueLedgerId, Quoted(text));
  auto origin = NodeCode::Parse(text.substr(0, slash));
  const std::string_view number = text.substr(slash + 1);
  uint32_t epoch = 0;
  const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), epoch);
  const bool canonical = code == std::errc() && end == number.data() + number.size() &&
                         !number.empty() && number[0] != '0';
  if (!origin.ok() || !canonical) return Error(ErrorCode::kValueLedgerId, Quoted(text));
  return LedgerId{*std::move(origin), Epoch{epoch}};
}

absl::StatusOr<RegionCode> RegionCode::Parse(std::string_view text) {
  if (!IsRegion(text)) return Error(ErrorCode::kValueRegion, Quoted(text));
  return RegionCode(std::string(text));
}

char CreditCode::CheckCharacter(std::string_view first17) {
  if (first17.size() != 17) return '\0';
  // Weights are powers of 3 modulo 31 (GB 32100-2015 §5).
  unsigned sum = 0;
  unsigned weight = 1;
  for (const char c : first17) {
    const size_t value = kCreditAlphabet.find(c);
    if (value == std::string_view::npos) return '\0';
    sum += static_cast<unsigned>(value) * weight;
    weight = weight * 3 % 31;
  }
  return kCreditAlphabet[(31 - sum % 31) % 31];
}

absl::StatusOr<CreditCode> CreditCode::Parse(std::string_view text) {
  if (text.size() != 18 || CheckCharacter(text.substr(0, 17)) != text[17]) {
    return Error(ErrorCode::kValueCreditCode, Quoted(text));
  }
  return CreditCode(std::string(text));
}

absl::StatusOr<ItemCode> ItemCode::Parse(std::string_view text) {
  const bool length_ok =
      (text.size() >= 10 && text.size() <= 12) || (text.size() >= 24 && text.size() <= 36);
  const bool charset_ok = std::all_of(text.begin(), text.end(), [](char c) {
    return kCreditAlphabet.find(c) != std::string_view::npos;
  });
  if (!length_ok || !charset_ok) return Error(ErrorCode::kValueItemCode, Quoted(text));
  if (text.size() == 31 || text.size() == 12) {
    const std::string_view catalog = text.substr(text.size() - 12);
    if (text.size() == 31) {
      if (!CreditCode::Parse(text.substr(0, 18)).ok() || text[18] < '1' || text[18] > '7') {
        return Error(ErrorCode::kValueItemCode, Quoted(text));
      }
    }
    if (!AllDigits(catalog)) return Error(ErrorCode::kValueItemCode, Quoted(text));
  }
  return ItemCode(std::string(text));
}

}  // namespace tj
