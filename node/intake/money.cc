#include "node/intake/money.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "protocol/vocab/error.h"

namespace tj::intake {
namespace {

constexpr size_t kCharsMax = 40;
constexpr int kExponentMax = 40;   // either way; beyond, the value is too large or no money
constexpr int kFenDigitsMax = 17;  // 10^15 yuan: fits int64_t, and rounding up cannot overflow

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

absl::Status Refused(std::string_view text) {
  return Error(ErrorCode::kValueNumber, PrintableExcerpt(text));
}

// value = 0.DIGITS × 10^point
struct Decimal {
  bool negative = false;
  std::string digits;
  int point = 0;
};

bool TakeMantissa(std::string_view& text, Decimal& out) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    out.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  bool fraction = false;
  while (!text.empty() && (IsDigit(text[0]) || (text[0] == '.' && !fraction))) {
    if (text[0] == '.') {
      fraction = true;
    } else {
      out.digits.push_back(text[0]);
      out.point += fraction ? 0 : 1;
    }
    text.remove_prefix(1);
  }
  return !out.digits.empty();
}

bool TakeExponent(std::string_view text, Decimal& out) {
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  if (text.size() > 1 && text[0] == '+' && IsDigit(text[1])) text.remove_prefix(1);
  int exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  if (exponent > kExponentMax || exponent < -kExponentMax) return false;
  out.point += exponent;
  return true;
}

}  // namespace

absl::StatusOr<Money> ParseYuan(std::string_view text) {
  Decimal decimal;
  std::string_view rest = text;
  if (text.size() > kCharsMax || !TakeMantissa(rest, decimal) || !TakeExponent(rest, decimal)) {
    return Refused(text);
  }
  const int size = static_cast<int>(decimal.digits.size());
  const int fen_digits = decimal.point + 2;  // of `digits`, this many make whole fen
  // The digit at `i` of the fen, or of its fraction from `fen_digits` on; zero outside the text.
  const auto digit = [&](int i) { return i >= 0 && i < size ? decimal.digits[i] - '0' : 0; };

  Money money;
  int significant = 0;
  for (int i = 0; i < fen_digits; ++i) {
    if (significant > 0 || digit(i) != 0) ++significant;
    if (significant > kFenDigitsMax) return Refused(text);
    money.fen = money.fen * 10 + digit(i);
  }
  for (int i = std::max(fen_digits, 0); i < size; ++i) {
    money.rounded = money.rounded || digit(i) != 0;
  }
  if (fen_digits >= 0 && digit(fen_digits) >= 5) ++money.fen;
  if (decimal.negative) money.fen = -money.fen;
  return money;
}

}  // namespace tj::intake
