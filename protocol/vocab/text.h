// Cat(a, b, …): joins strings and integers into one std::string. It exists because Debian's
// absl::StrCat does not take std::string_view. Pure; any thread.

#ifndef TJ_PROTOCOL_VOCAB_TEXT_H_
#define TJ_PROTOCOL_VOCAB_TEXT_H_

#include <concepts>
#include <string>
#include <string_view>

namespace tj {
namespace text_internal {

inline void Append(std::string& out, std::string_view piece) { out.append(piece); }
inline void Append(std::string& out, char piece) { out.push_back(piece); }
template <std::integral T>
  requires(!std::same_as<T, char> && !std::same_as<T, bool>)
void Append(std::string& out, T piece) {
  out.append(std::to_string(piece));
}

}  // namespace text_internal

template <typename... Pieces>
std::string Cat(const Pieces&... pieces) {
  std::string out;
  (text_internal::Append(out, pieces), ...);
  return out;
}

}  // namespace tj

#endif  // TJ_PROTOCOL_VOCAB_TEXT_H_
