#include "tests/fault/truth_workload.h"

#include <algorithm>

#include "crypto/leaf_hash.h"
#include "node/store/values.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "tests/unit/node/store/temp_folder.h"

namespace tj::store {
namespace {

constexpr std::string_view kEmitter = "~summary";
constexpr uint64_t kSegmentRecords = 130;

// Records of an append step: now and then more than an aligned range, so that merging happens.
uint64_t CountOf(size_t step) { return step % 4 == 0 ? 400 : 10 + 7 * step; }

uint64_t FirstOf(size_t step) {
  uint64_t first = 0;
  for (size_t i = 0; i < step; ++i) first += CountOf(i);
  return first;
}

}  // namespace

TruthWorkload::TruthWorkload() : own_key_(TestSigner()), other_key_(TestSigner()) {
  TempFolder folder;
  TruthOptions options = TestOptions(folder.path(), clock_, Followed());
  options.open_kv = [] { return OpenMemKv(); };
  const auto other = OpenTruth(std::move(options));
  TJ_CHECK(other->AppendAndWait(Records(TestEvents(0, kFollowedSize))).ok());
  LeafSource source(Followed(), AllLeaves(*other, Followed()));
  while (source.sent() < kFollowedSize) {
    segments_.push_back(source.Next(std::min(kSegmentRecords, kFollowedSize - source.sent())));
    head_texts_.push_back(source.HeadNow(clock_.Now() + Duration(source.sent())));
    const crypto::Head& head = head_texts_.back();
    heads_.push_back(SignedHead(head, *other_key_));
    for (const auto kind : {crypto::StatementKind::kSeen, crypto::StatementKind::kHeld}) {
      statements_.push_back(SignedStatement(head, kind, Own().origin, head.at, *own_key_));
    }
  }
}

absl::Status TruthWorkload::Do(Truth& truth, size_t i) {
  switch (i % 3) {
    case 0:
      return AppendStep(truth, i / 3);
    case 1:
      return FollowStep(truth, i / 3);
    default:
      return SignStep(truth);
  }
}

absl::Status TruthWorkload::AppendStep(Truth& truth, size_t i) {
  AppendRequest request = Records(TestEvents(FirstOf(i), CountOf(i), 23));
  request.emitter = kEmitter;
  request.emitter_cursor = Cat(i);
  TJ_ASSIGN_OR_RETURN(auto answers, truth.AppendAndWait(std::move(request)));
  std::move(answers.begin(), answers.end(), std::back_inserter(acked_.own));
  acked_.cursor = i;
  return absl::OkStatus();
}

absl::Status TruthWorkload::FollowStep(Truth& truth, size_t i) {
  // As after a reconnect: what is held decides where to go on, and nothing is stated over a head
  // that is no longer the newest.
  const size_t last = std::min(i, segments_.size() - 1);
  uint64_t held = 0;
  {
    TJ_ASSIGN_OR_RETURN(const auto snapshot, truth.Snapshot());
    const auto view = LedgerView::Open(snapshot->reader(), Followed());
    if (view.ok()) {
      held = view->size();
      TJ_ASSIGN_OR_RETURN(const auto newest, view->NewestHead());
      if (newest && newest->head.size > head_texts_[last].size) return absl::OkStatus();
    } else if (CodeOf(view.status()) != ErrorCode::kStoreNotFollowed) {
      return view.status();
    }
  }
  std::vector<FollowOp> ops;
  for (size_t s = 0; s <= last; ++s) {
    if (segments_[s].first.value >= held) ops.push_back(segments_[s]);
  }
  const crypto::Head& head = head_texts_[last];
  ops.push_back(heads_[last]);
  ops.push_back(statements_[2 * last]);
  ops.push_back(statements_[2 * last + 1]);
  TJ_RETURN_IF_ERROR(truth.FollowAndWait(std::move(ops)));
  acked_.followed = head.size;
  acked_.followed_head = head;
  acked_.seen = head;
  return absl::OkStatus();
}

absl::Status TruthWorkload::SignStep(Truth& truth) {
  TJ_ASSIGN_OR_RETURN(const crypto::Note note, truth.SignHead(*own_key_, Duration(1000)));
  acked_.signed_head = note.head;
  return absl::OkStatus();
}

std::string TruthWorkload::Lost(const Truth& truth) const {
  const auto snapshot = truth.Snapshot();
  if (!snapshot.ok()) return "no snapshot";
  const KvReader& reader = (*snapshot)->reader();
  for (const LedgerId& ledger : {Own(), Followed()}) {
    const bool wanted = ledger == Own() ? !acked_.own.empty() : acked_.followed > 0;
    auto view = LedgerView::Open(reader, ledger);
    if (!view.ok()) {
      if (wanted) return Cat(ledger.Text(), " is not there");
      continue;
    }
    const auto leaves = view->Leaves(Index{0}, view->size());
    if (!leaves.ok()) return Cat(ledger.Text(), ": ", Describe(leaves.status()));
    std::vector<Hash> hashes(leaves->size());
    crypto::HashLeaves(*leaves, hashes);
    Frontier frontier;
    std::vector<merkle::Node> completed;
    frontier.Append(hashes, completed);
    if (frontier.Root() != view->root()) return Cat(ledger.Text(), ": leaves do not give its root");
    for (const merkle::Node& node : completed) {
      const auto stored = view->NodeAt(node.height, node.index);
      if (!stored.ok() || *stored != node.hash) return Cat(ledger.Text(), ": a node is wrong");
    }
    if (ledger == Own()) {
      for (const Appended& answer : acked_.own) {
        if (answer.index.value >= hashes.size() || hashes[answer.index.value] != answer.leaf) {
          return Cat("record ", answer.index.value, " of ", view->size());
        }
      }
      if (const auto& head = acked_.signed_head) {
        const auto stored = view->HeadOf(head->size, head->at);
        if (!stored.ok() || !stored->has_value()) return Cat("head at ", head->size);
        const auto root = view->RootAt(head->size);
        if (!root.ok() || *root != head->root) return Cat("root at ", head->size);
      }
      continue;
    }
    if (view->size() < acked_.followed) return Cat("followed records up to ", acked_.followed);
    if (const auto& head = acked_.followed_head) {
      const auto newest = view->NewestHead();
      if (!newest.ok() || !newest->has_value() || (*newest)->head.size < head->size) {
        return Cat("followed head at ", head->size);
      }
      for (const auto kind : {crypto::StatementKind::kSeen, crypto::StatementKind::kHeld}) {
        const auto statement = view->NewestStatement(Own().origin, kind);
        if (!statement.ok() || !statement->has_value() ||
            (*statement)->head.size < acked_.seen->size) {
          return Cat("statement at ", acked_.seen->size);
        }
      }
    }
  }
  const auto cursor = ReadEmitterCursor(reader, kEmitter);
  if (!cursor.ok()) return Describe(cursor.status());
  if (acked_.cursor && (!cursor->has_value() || std::stoull(**cursor) < *acked_.cursor)) {
    return Cat("cursor ", *acked_.cursor);
  }
  return "";
}

}  // namespace tj::store
