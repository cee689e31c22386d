#include "node/store/fsck_inputs.h"

#include <algorithm>

#include "crypto/leaf_hash.h"
#include "node/store/content_digest.h"
#include "node/store/private_parts.h"
#include "node/store/values.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/record.h"

namespace tj::store::fsck {
namespace {

// Sources that begin so are emitters (append.h).
constexpr char kEmitterMark = '~';

Bytes EmittedPrefix() { return Bytes{keys::kDedup, kEmitterMark}; }

std::string PlaceOfEntry(ByteView key) {
  const auto parts = keys::ParseDedup(key);
  if (!parts) return Cat("key ", PrintableKey(key));
  return Cat("dedup entry ", PrintableExcerpt(parts->source), " ", PrintableExcerpt(parts->case_no),
             " ", PrintableExcerpt(parts->event_id));
}

std::string PlaceOfPart(const KnownLedger& ledger, uint64_t index, uint8_t kind) {
  return ledger.Place(Cat("private part ", kind, " of record ", index));
}

// The form of a stored private part, without its record.
void CheckPartForm(Run& run, const KnownLedger& ledger, ByteView key, ByteView value) {
  const auto at = keys::ParsePrivate(key);
  if (!at) return run.Damage(Cat("key ", PrintableKey(key)), "is not a private part's");
  const std::string place = PlaceOfPart(ledger, at->index.value, at->kind);
  const auto part = values::ParsePrivate(value);
  if (!part.ok()) return run.Find(place, part.status());
  const auto status =
      PrivateKeys::CheckSealed(static_cast<wire::PrivateKind>(at->kind), part->salt, part->sealed);
  if (!status.ok()) run.Find(place, status);
  if (run.options().own) run.Damage(place, "private parts stay with the own ledger");
}

}  // namespace

InputCheck::InputCheck(Run& run, const KnownLedger& own)
    : run_(run),
      own_(own),
      part_prefix_(own.Prefix(keys::kPrivate)),
      part_(run.reader().NewIterator()) {
  part_->Seek(part_prefix_);
  ReadEmitted();
}

void InputCheck::ReadEmitted() {
  // What is malformed or unreadable is found when all entries are checked, at the end.
  ScanPrefix(run_.reader(), EmittedPrefix(), [this](ByteView key, ByteView value) {
    const auto entry = values::ParseDedup(value);
    if (entry.ok() && keys::ParseDedup(key)) emitted_.push_back({*entry, Bytes(key)});
    return true;
  }).IgnoreError();
  std::sort(emitted_.begin(), emitted_.end(),
            [](const Emitted& a, const Emitted& b) { return a.entry.index < b.entry.index; });
}

void InputCheck::OnLeaf(Index index, const wire::Leaf& leaf, bool damaged) {
  if (index.value < marks_.size()) return;
  // Nothing is allocated from a claimed index: of leaves out of place only the first are marked.
  if (index.value > marks_.size() + limits::kSegmentRecordsMax) return;
  SkipPartsBefore(index);  // of leaves that could not be read
  marks_.resize(index.value, Mark::kUnknown);
  marks_.push_back(damaged ? Mark::kUnknown : CheckBody(index, leaf));
}

InputCheck::Mark InputCheck::CheckBody(Index index, const wire::Leaf& leaf) {
  if (leaf.body.empty()) return Mark::kUnknown;
  const auto body = wire::DecodeBody(leaf.body);
  if (!body.ok()) {
    run_.Find(own_.Place(Cat("record ", index.value)), body.status());
    return Mark::kUnknown;
  }
  const Parts parts = TakeParts(index, *body);
  if (leaf.header.family == Family::kCaseEvent) return CheckCaseEvent(index, *body, parts);
  CheckEmitted(index, body->payload);
  const bool emitted =
      leaf.header.family == Family::kSummary || leaf.header.family == Family::kAlarm;
  return emitted ? Mark::kEmitted : Mark::kOther;
}

InputCheck::Mark InputCheck::CheckCaseEvent(Index index, const wire::BodyView& body,
                                            const Parts& parts) {
  const auto doubt = [&](absl::Status problem) {
    run_.Find(own_.Place(Cat("record ", index.value)), std::move(problem));
    return Mark::kDoubted;
  };
  if (!event_.ParseFromArray(body.payload.data(), static_cast<int>(body.payload.size()))) {
    return doubt(Error(ErrorCode::kWirePayload, "case event does not parse"));
  }
  const Bytes key = keys::Dedup(event_.source(), event_.case_no(), event_.source_event_id());
  const auto entry = ReadDedup(run_.reader(), key);
  if (!entry.ok()) return doubt(entry.status());
  if (!*entry) return doubt(Error(ErrorCode::kStoreCorrupt, "has no dedup entry"));
  if ((*entry)->index != index) {
    return doubt(
        Error(ErrorCode::kStoreCorrupt, Cat("its dedup entry points at ", (*entry)->index.value)));
  }
  const PrivateKeys* private_keys = run_.options().private_keys;
  if (private_keys != nullptr && parts.all &&
      (*entry)->content_digest !=
          SubmittedDigest(*private_keys, body.payload, parts.person, parts.text)) {
    run_.Damage(PlaceOfEntry(key), "content digest is not that of its record");
  }
  return Mark::kCaseEvent;
}

void InputCheck::CheckEmitted(Index index, ByteView payload) {
  const auto next = [this] {
    return next_emitted_ < emitted_.size() ? &emitted_[next_emitted_] : nullptr;
  };
  while (next() != nullptr && next()->entry.index < index) ++next_emitted_;
  for (; next() != nullptr && next()->entry.index == index; ++next_emitted_) {
    const auto name = keys::ParseDedup(next()->key);
    if (next()->entry.content_digest !=
        EmittedDigest(name->source, name->case_no, name->event_id, payload)) {
      run_.Damage(PlaceOfEntry(next()->key), "content digest is not that of its name and record");
    }
  }
}

void InputCheck::End(bool whole) {
  for (auto key = PartKey(); key; key = PartKey()) {
    if (whole)
      run_.Damage(PlaceOfPart(own_, key->index.value, key->kind), "there is no such record");
    NextPart();
  }
  if (!part_->status().ok()) run_.Find(own_.Place("private parts"), part_->status());
  entered_.resize(marks_.size());
  const bool all = run_.Scan(Bytes(1, keys::kDedup), "dedup entries",
                             [&](ByteView key, ByteView value) { CheckEntry(key, value, whole); });
  if (all) CheckEntered();
}

void InputCheck::CheckEntered() {
  for (size_t i = 0; i < marks_.size(); ++i) {
    if (marks_[i] != Mark::kEmitted || entered_[i]) continue;
    run_.Damage(own_.Place(Cat("record ", i)), "has no dedup entry");
  }
}

void InputCheck::CheckEntry(ByteView key, ByteView value, bool whole) {
  const auto damage = [&](std::string_view detail) { run_.Damage(PlaceOfEntry(key), detail); };
  const auto parts = keys::ParseDedup(key);
  if (!parts) return damage("is not a dedup entry's");
  const auto entry = values::ParseDedup(value);
  if (!entry.ok()) return run_.Find(PlaceOfEntry(key), entry.status());
  const uint64_t index = entry->index.value;
  if (index >= marks_.size()) {
    if (whole) damage(Cat("points at record ", index, ", beyond the end of the ledger"));
    return;
  }
  const Mark mark = marks_[index];
  if (mark == Mark::kUnknown) return;
  const bool of_emitter = parts->source.starts_with(kEmitterMark);
  if (of_emitter != (mark == Mark::kOther || mark == Mark::kEmitted)) {
    return damage(Cat("points at record ", index, ", which is ",
                      of_emitter ? "a case event" : "no case event"));
  }
  if (mark == Mark::kDoubted) return;
  if (entered_[index]) return damage(Cat("another entry points at record ", index, " too"));
  entered_[index] = true;
}

std::optional<keys::PrivateKey> InputCheck::PartKey() {
  while (part_->Valid() && part_->key().starts_with(part_prefix_)) {
    if (const auto key = keys::ParsePrivate(part_->key())) return key;
    run_.Damage(Cat("key ", PrintableKey(part_->key())), "is not a private part's");
    NextPart();
  }
  return std::nullopt;
}

void InputCheck::SkipPartsBefore(Index index) {
  for (auto key = PartKey(); key && key->index < index; key = PartKey()) NextPart();
}

void InputCheck::NextPart() {
  ++run_.report().keys;
  part_->Next();
}

InputCheck::Parts InputCheck::TakeParts(Index index, const wire::BodyView& body) {
  Parts parts;
  bool person = !body.person;  // what is still looked for
  bool text = !body.text;
  for (auto key = PartKey(); key && key->index == index; key = PartKey()) {
    const std::string place = PlaceOfPart(own_, index.value, key->kind);
    const bool is_person = key->kind == static_cast<uint8_t>(wire::PrivateKind::kPerson);
    const bool is_text = key->kind == static_cast<uint8_t>(wire::PrivateKind::kText);
    if (is_person ? !body.person : !is_text || !body.text) {
      run_.Damage(place, "the record does not commit to it");
    } else {
      const auto opened = CheckPart(static_cast<wire::PrivateKind>(key->kind),
                                    is_person ? *body.person : *body.text, place);
      parts.all = parts.all && opened.has_value();
      (is_person ? parts.person : parts.text) = opened.value_or("");
      (is_person ? person : text) = true;
    }
    NextPart();
  }
  run_.report().parts_absent += (person ? 0 : 1) + (text ? 0 : 1);
  parts.all = parts.all && person && text;
  return parts;
}

std::optional<Bytes> InputCheck::CheckPart(wire::PrivateKind kind, const Hash& commitment,
                                           const std::string& place) {
  const auto part = values::ParsePrivate(part_->value());
  auto status =
      part.ok() ? PrivateKeys::CheckSealed(kind, part->salt, part->sealed) : part.status();
  if (!status.ok()) {
    run_.Find(place, status);
    return std::nullopt;
  }
  if (run_.options().private_keys == nullptr) return std::nullopt;
  auto opened = run_.options().private_keys->OpenPart(kind, part->salt, part->sealed);
  if (!opened.ok()) {
    if (CodeOf(opened.status()) == ErrorCode::kStoreAbsent) {
      ++run_.report().parts_closed;
    } else {
      run_.Find(place, opened.status());
    }
    return std::nullopt;
  }
  if (crypto::PrivateCommitment(kind, part->salt, *opened) != commitment) {
    run_.Damage(place, "is not what the record commits to");
    return std::nullopt;
  }
  return *std::move(opened);
}

void CheckInputForms(Run& run, const std::vector<KnownLedger>& ledgers) {
  bool own = false;
  for (const KnownLedger& ledger : ledgers) {
    own = own || ledger.own;
    if (ledger.own) continue;
    run.Scan(ledger.Prefix(keys::kPrivate), ledger.Place("private parts"),
             [&](ByteView key, ByteView value) { CheckPartForm(run, ledger, key, value); });
  }
  if (own) return;  // InputCheck has read them
  run.Scan(Bytes(1, keys::kDedup), "dedup entries", [&](ByteView key, ByteView value) {
    if (!keys::ParseDedup(key)) return run.Damage(PlaceOfEntry(key), "is not a dedup entry's");
    const auto entry = values::ParseDedup(value);
    if (!entry.ok()) return run.Find(PlaceOfEntry(key), entry.status());
    if (run.options().own) run.Damage(PlaceOfEntry(key), "there is no own ledger");
  });
}

}  // namespace tj::store::fsck
