#include "tests/sim/split_view.h"

#include <utility>

#include "crypto/merkle/proof.h"
#include "crypto/sm3.h"
#include "node/app/governing.h"
#include "protocol/vocab/check.h"
#include "tests/sim/rows.h"

namespace tj::sim {
namespace {

// A tree over given leaves.
class Leaves final : public merkle::NodeSource {
 public:
  explicit Leaves(std::vector<Hash> leaves) : leaves_(std::move(leaves)) {}
  absl::StatusOr<Hash> NodeAt(int height, uint64_t index) override {
    if (height == 0) return leaves_.at(index);
    const auto left = NodeAt(height - 1, 2 * index);
    const auto right = NodeAt(height - 1, 2 * index + 1);
    return merkle::Sm3Hasher::Node(*left, *right);
  }

 private:
  const std::vector<Hash> leaves_;
};

uint64_t SizeAt(const Node& node, const LedgerId& ledger) {
  const auto number = rows::NumberOf(node.disk().truth(), ledger);
  return number ? rows::SizeOf(node.disk().truth(), *number) : 0;
}

}  // namespace

SplitView::SplitView(Loop& loop, Federation& federation, Line& line)
    : loop_(loop),
      federation_(federation),
      line_(line),
      parent_(federation.At(line.parent)),
      rng_(loop.rng.Split()) {}

bool SplitView::Begin() {
  const Node& child = federation_.At(line_.child);
  PastCheck& past = federation_.watch().past();
  const uint64_t size = SizeAt(child, parent_.own());
  const auto number = rows::NumberOf(child.disk().truth(), parent_.own());
  const bool seen_all =
      number && rows::LargestStatement(child.disk().truth(), *number, child.code(),
                                       static_cast<uint8_t>(crypto::StatementKind::kSeen)) == size;
  const bool quiet = seen_all && line_.stream && !line_.spoilt && parent_.up() && size > 0 &&
                     !past.BeingRestored(child.code()) && !past.BeingRestored(parent_.code()) &&
                     !past.FrozenAnywhere(parent_.own());
  if (!quiet) return false;
  std::vector<Hash> leaves = federation_.watch().ledgers().LeavesOf(parent_.own());
  leaves.resize(size);
  leaves.push_back(crypto::Sm3Of({"what nobody else has"}));
  Leaves tree(std::move(leaves));
  const auto root = merkle::RootAt<merkle::Sm3Hasher>(tree, size + 1);
  const auto proof = merkle::ConsistencyProof<merkle::Sm3Hasher>(tree, size, size + 1);
  TJ_CHECK(root.ok() && proof.ok());
  const auto note =
      crypto::SignHead({parent_.own(), size + 1, *root, parent_.clock().Now()},
                       Keys::Instance().SignerOf(parent_.code(), parent_.key_generation()));
  TJ_CHECK(note.ok());
  line_.severed = true;
  past.Shown(parent_.code(), child.code(), note->head, [this](const Bytes& words) { Said(words); });
  line_.stream->Send(kParent, wire::EncodeFrame(wire::HeadFrame{note->Text(), size, *proof}));
  loop_.Trace("fault", Cat(child.code().text(), " is shown another ", parent_.own().Text(), " at ",
                           size + 1));
  return true;
}

void SplitView::Said(const Bytes& words) {
  loop_.Trace("fault", Cat(line_.child.text(), " has seen it"));
  loop_.After(Duration(0), [this] {
    if (line_.stream) line_.stream->Abort(kParent, false);
  });
  v1::Heads heads;
  heads.add_statements(words);
  auto record = app::HeadsRecord(heads, parent_.clock().Now());
  TJ_CHECK(record.ok());
  PassOn(*std::move(record));
}

// Until it is in the ledger, as a source would.
void SplitView::PassOn(store::PreparedRecord record) {
  store::AppendRequest request;
  request.records = {record};
  const auto written = std::make_shared<bool>(false);
  loop_.After(rng_.Within(1'000, 5'000), [this, record = std::move(record), written] {
    if (!*written) PassOn(record);
  });
  federation_.watch().past().PassingOn();
  parent_.Append(std::move(request), [this, written](const auto& answers) {
    if (!answers.ok() || std::exchange(*written, true)) return;
    federation_.watch().past().PassedOn();
  });
}

}  // namespace tj::sim
