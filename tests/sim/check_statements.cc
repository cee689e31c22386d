#include "tests/sim/check_statements.h"

#include <algorithm>
#include <charconv>

#include "tests/sim/rows.h"

namespace tj::sim {
namespace {

constexpr std::string_view kName = "statement";

// The size in a HEAD file: its third line.
uint64_t SizeInHeadFile(const std::string& text) {
  size_t at = 0;
  for (int line = 0; line < 2; ++line) at = text.find('\n', at) + 1;
  uint64_t size = 0;
  std::from_chars(text.data() + at, text.data() + text.size(), size);
  return size;
}

}  // namespace

bool StatementCheck::RightRoot(const crypto::Head& head) {
  const auto root = ledgers_.RootAt(head.ledger, head.size);
  if (root && *root == head.root) return true;
  loop_.Fail(kName, Cat(head.ledger.Text(), " at ", head.size, " has another root than stated"));
  return false;
}

void StatementCheck::Sent(const NodeCode& from, const NodeCode& to, const wire::Frame& frame,
                          const SimDisk& disk) {
  if (const auto* seen = std::get_if<wire::SeenFrame>(&frame)) {
    Statement(from, crypto::StatementKind::kSeen, seen->note, disk);
  } else if (const auto* held = std::get_if<wire::HeldFrame>(&frame)) {
    Statement(from, crypto::StatementKind::kHeld, held->note, disk);
  } else if (const auto* head = std::get_if<wire::HeadFrame>(&frame)) {
    Head(from, to, head->note, disk);
  }
}

void StatementCheck::Statement(const NodeCode& from, crypto::StatementKind kind, const Bytes& text,
                               const SimDisk& disk) {
  const auto note = crypto::ParseNote(text);
  if (!note.ok()) return loop_.Fail(kName, Cat(from.text(), " states what does not parse"));
  const crypto::Head& head = note->head;
  if (!RightRoot(head)) return;
  const bool seen = kind == crypto::StatementKind::kSeen;
  NodeCode signer = from;
  for (const crypto::NoteSignature& line : note->signatures) {
    if (line.kind == kind) signer = line.signer;
  }
  const bool own_word = signer == from;
  if (!own_word) loop_.counts.Add("state statement passed on");
  const std::string what =
      Cat(from.text(), seen ? " says seen " : " says held ", head.ledger.Text(), " at ", head.size,
          own_word ? "" : Cat(" for ", signer.text()));
  const auto number = rows::NumberOf(disk.truth(), head.ledger);
  const auto k = static_cast<uint8_t>(kind);
  if (!number) return loop_.Fail(kName, Cat(what, ", and has nothing of it"));
  if (seen) {
    if (!rows::Statement(disk.truth(), *number, signer, k, head.size)) {
      loop_.Fail(kName, Cat(what, ", which is not on its disk"));
    }
  } else {
    if (rows::LargestStatement(disk.truth(), *number, signer, k).value_or(0) < head.size) {
      loop_.Fail(kName, Cat(what, ", which is not on its disk"));
    }
  }
  if (!seen && own_word) {
    const uint64_t size = rows::SizeOf(disk.truth(), *number);
    if (size < head.size) loop_.Fail(kName, Cat(what, ", and has ", size, " leaves"));
    if (const auto missing = rows::FirstMissing(disk.truth(), *number, head.size)) {
      loop_.Fail(kName, Cat(what, ", and has not the body of ", *missing));
    }
  }
  uint64_t& last = stated_[{from, signer, head.ledger, kind}];
  if (head.size < last) loop_.Fail(kName, Cat(what, " after ", last));
  if (head.size == last && last > 0) loop_.counts.Add("state statement said again");
  last = std::max(last, head.size);
}

void StatementCheck::Head(const NodeCode& from, const NodeCode& to, const Bytes& text,
                          const SimDisk& disk) {
  const auto note = crypto::ParseNote(text);
  if (!note.ok()) return loop_.Fail(kName, Cat(from.text(), " offers what does not parse"));
  const crypto::Head& head = note->head;
  if (!RightRoot(head)) return;
  const std::string what = Cat(from.text(), " offers ", head.ledger.Text(), " at ", head.size);
  const auto number = rows::NumberOf(disk.truth(), head.ledger);
  if (!number || !rows::HasHead(disk.truth(), *number, head.size, head.at)) {
    loop_.Fail(kName, Cat(what, ", which is not on its disk"));
  }
  auto& last = offered_[{from, to, head.ledger}];
  if (std::pair(head.size, head.at) < last) loop_.Fail(kName, Cat(what, " after ", last.first));
  last = std::max(last, std::pair(head.size, head.at));
}

void StatementCheck::Forget(const NodeCode& node) {
  std::erase_if(stated_, [&](const auto& entry) { return std::get<0>(entry.first) == node; });
  std::erase_if(offered_, [&](const auto& entry) { return std::get<0>(entry.first) == node; });
}

void StatementCheck::Signed(const LedgerId& own, const crypto::Note& note, const SimDisk& disk) {
  if (!RightRoot(note.head)) return;
  auto& last = signed_[own];
  if (std::pair(note.head.size, note.head.at) < last) {
    loop_.Fail(kName, Cat(own.Text(), " signed ", note.head.size, " after ", last.first));
  }
  last = {note.head.size, note.head.at};
  if (SizeInHeadFile(disk.head_text()) < note.head.size) {
    loop_.Fail(kName, Cat(own.Text(), " signed ", note.head.size, ", and HEAD knows less"));
  }
}

}  // namespace tj::sim
