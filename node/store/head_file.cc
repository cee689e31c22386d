#include "node/store/head_file.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "crypto/sm3.h"
#include "node/store/durable_file.h"
#include "node/store/ledger_view.h"
#include "node/store/values.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::store {
namespace {

constexpr std::string_view kFirstLine = "tongjian/head-file/v1";
constexpr std::string_view kName = "HEAD";
constexpr size_t kBytesMax = 1024;
constexpr size_t kLines = 6;

absl::Status Corrupt(std::string_view detail) {
  return Error(ErrorCode::kStoreCorrupt, Cat("HEAD: ", detail));
}

std::string CheckLine(std::string_view lines) {
  return HexEncode(crypto::Sm3Of({lines}).view().substr(0, 8));
}

// Decimal without sign or leading zeros.
std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (Cat(value) != text) return std::nullopt;
  return value;
}

}  // namespace

std::string HeadFile::Text() const {
  std::string text =
      Cat(kFirstLine, "\n", ledger.Text(), "\n", size, "\n", root.Hex(), "\n", commits, "\n");
  text += Cat(CheckLine(text), "\n");
  return text;
}

absl::StatusOr<HeadFile> HeadFile::Parse(std::string_view text) {
  std::array<std::string_view, kLines> lines;
  std::string_view rest = text;
  for (std::string_view& line : lines) {
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos) return Corrupt("cut off");
    line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
  }
  const std::string_view checked = text.substr(0, text.size() - lines.back().size() - 1);
  if (!rest.empty() || lines.back() != CheckLine(checked)) return Corrupt("does not fit its check");
  if (lines[0] != kFirstLine) return Corrupt("unknown first line");
  auto ledger = LedgerId::Parse(lines[1]);
  const auto size = ParseNumber(lines[2]);
  const auto root = HexDecode(lines[3]);
  const auto hash = root ? Hash::FromBytes(*root) : std::nullopt;
  const auto commits = ParseNumber(lines[4]);
  if (!ledger.ok() || !size || !hash || !commits) return Corrupt("malformed line");
  return HeadFile{*std::move(ledger), *size, *hash, *commits};
}

absl::StatusOr<std::optional<HeadFile>> ReadHeadFile(const std::string& folder) {
  TJ_ASSIGN_OR_RETURN(const auto text, ReadSmallFile(Cat(folder, "/", kName), kBytesMax));
  if (!text) return std::nullopt;
  TJ_ASSIGN_OR_RETURN(auto head, HeadFile::Parse(*text));
  return head;
}

absl::Status WriteHeadFile(const std::string& folder, const HeadFile& head) {
  return WriteDurably(folder, kName, head.Text());
}

absl::Status CheckHeadFile(const KvReader& reader, const LedgerId& own, const HeadFile& head) {
  if (head.ledger.origin != own.origin || head.ledger.epoch > own.epoch) {
    return Error(ErrorCode::kStoreRollback,
                 Cat("HEAD is of ", head.ledger.Text(), ", this node writes ", own.Text()));
  }
  if (head.ledger.epoch < own.epoch) return absl::OkStatus();
  TJ_ASSIGN_OR_RETURN(const uint64_t commits, ReadCommits(reader));
  if (commits < head.commits) {
    return Error(ErrorCode::kStoreRollback, Cat("the database has ", commits,
                                                " commits, HEAD was written after ", head.commits));
  }
  if (head.size == 0) return absl::OkStatus();
  auto view = LedgerView::Open(reader, own);
  const uint64_t size = view.ok() ? view->size() : 0;
  if (!view.ok() && CodeOf(view.status()) != ErrorCode::kStoreNotFollowed) return view.status();
  if (size < head.size) {
    return Error(ErrorCode::kStoreRollback,
                 Cat(own.Text(), " has ", size, " records, HEAD says ", head.size, " were signed"));
  }
  TJ_ASSIGN_OR_RETURN(const Hash root, view->RootAt(head.size));
  if (root != head.root) {
    return Error(ErrorCode::kStoreRollback,
                 Cat(own.Text(), " at size ", head.size, " has root ", root.Hex(),
                     ", HEAD says that ", head.root.Hex(), " was signed"));
  }
  return absl::OkStatus();
}

}  // namespace tj::store
