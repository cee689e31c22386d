// Today's code reads what earlier versions sent: every recording beside this file, frame by frame,
// then as a session from either end.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>

#include "crypto/fork_proof.h"
#include "crypto/issue.h"
#include "crypto/proof_file.h"
#include "crypto/signer.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/segment.h"
#include "sync/core/session.h"
#include "tests/golden/recording.h"
#include "tests/scenario/describe.h"
#include "tests/scenario/keyring.h"
#include "tests/scenario/memory_node.h"

namespace tj::golden {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> Recordings() {
  std::vector<std::string> folders;
  for (const auto& entry : fs::directory_iterator(std::string(TJ_SOURCE_DIR) + "/tests/golden")) {
    if (fs::exists(entry.path() / "frames.txt")) folders.push_back(entry.path().string());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

crypto::Certificate CertificateOf(const std::string& pem) {
  return *crypto::Certificate::FromPem(pem);
}

// The recorded certificates, and beside them new keys for what today's nodes sign.
class Keys {
 public:
  explicit Keys(const Recording& recording) {
    auto& keyring = scenario::Keyring::Instance();
    const auto fresh = keyring.Trust({{.code = kBureau}, {.code = kCounty, .parent = kBureau}});
    std::vector<crypto::TrustedNode> nodes = fresh->nodes();
    for (crypto::TrustedNode& node : nodes) {
      node.signing.push_back(
          CertificateOf(node.code == kBureau ? recording.bureau_pem : recording.county_pem));
    }
    std::vector<crypto::Certificate> roots = fresh->record_roots();
    roots.push_back(CertificateOf(recording.root_pem));
    auto made = crypto::TrustStore::Make(std::move(nodes), std::move(roots), {}, scenario::kBegin);
    EXPECT_TRUE(made.ok()) << made.status();
    if (made.ok()) trust = std::make_shared<const crypto::TrustStore>(*std::move(made));
  }
  std::shared_ptr<const crypto::TrustStore> trust;
};

// One end of the recorded session, played by today's code: it gets what the other end sent.
class Player {
 public:
  Player(const NodeCode& self, const NodeCode& peer, const Keys& keys)
      : disk(self, 8),
        session_({.self = self,
                  .peer = peer,
                  .software = "golden",
                  .trust = keys.trust,
                  .signer = &scenario::Keyring::Instance().SignerOf(self, 1),
                  .ledgers = &disk}) {}

  void Start(Instant now) { Take(session_.Start(now), now); }
  void Step(const wire::Frame& frame, Instant now) {
    if (wake_at_ && *wake_at_ <= now) Take(session_.OnTimer(now), now);
    Take(session_.Step(frame, now), now);
  }
  void Publish(Instant now) { Take(session_.OnPublished(disk.own_id(), true, now), now); }

  scenario::MemoryNode disk;
  std::vector<std::string> statements;  // as it sent them
  std::vector<std::string> refused;     // what it refused, and why the session ended

 private:
  void Take(sync::Output output, Instant now) {
    disk.Apply(output.persist);
    for (const wire::Frame& frame : output.then_send) {
      const std::string_view name = wire::FrameName(frame);
      if (name == "seen" || name == "held") statements.push_back(scenario::Describe(frame));
      if (name == "refuse") refused.push_back(scenario::Describe(frame));
    }
    if (!output.close.ok()) refused.push_back(scenario::DescribeStatus(output.close));
    wake_at_ = output.wake_at;
    if (output.more_to_send) Take(session_.OnWritable(now), now);
  }

  sync::Session session_;
  std::optional<Instant> wake_at_;
};

// The recorded frames of these kinds that one end sent, as they were described.
std::vector<std::string> Sent(const Recording& recording, bool up,
                              const std::set<std::string_view>& kinds) {
  std::vector<std::string> sent;
  for (const RecordedFrame& frame : recording.frames) {
    const auto decoded = wire::DecodeFrame(frame.bytes);
    if (frame.up != up || !decoded.ok()) continue;
    if (kinds.contains(wire::FrameName(*decoded))) sent.push_back(frame.description);
  }
  return sent;
}

// The newest head that one end showed.
wire::HeadFrame NewestHead(const Recording& recording, bool up) {
  wire::HeadFrame newest;
  for (const RecordedFrame& frame : recording.frames) {
    auto decoded = wire::DecodeFrame(frame.bytes);
    if (frame.up != up || !decoded.ok()) continue;
    if (const auto* head = std::get_if<wire::HeadFrame>(&*decoded)) newest = *head;
  }
  return newest;
}

class GoldenFrames : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Read(GetParam(), recording_));
    ASSERT_FALSE(recording_.frames.empty());
    keys_ = std::make_unique<Keys>(recording_);
    ASSERT_NE(keys_->trust, nullptr);
  }

  // Follows the ledger of one end: the follower after the last frame. It has no ledger of its own,
  // so what is said and asked about that is left out.
  std::unique_ptr<Player> Follow(bool up) const {
    const NodeCode& self = up ? kBureau : kCounty;
    auto player = std::make_unique<Player>(self, up ? kCounty : kBureau, *keys_);
    player->Start(recording_.frames.front().at);
    const std::set<std::string_view> about_other{"seen", "held", "open"};
    for (const RecordedFrame& frame : recording_.frames) {
      const wire::Frame decoded = *wire::DecodeFrame(frame.bytes);
      if (frame.up != up || about_other.contains(wire::FrameName(decoded))) continue;
      player->Step(decoded, frame.at);
    }
    return player;
  }

  Recording recording_;
  std::unique_ptr<Keys> keys_;
};

TEST_P(GoldenFrames, MeanWhatTheyMeant) {
  std::set<std::string> kinds;
  for (const RecordedFrame& frame : recording_.frames) {
    const auto decoded = wire::DecodeFrame(frame.bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status() << "\n" << frame.description;
    EXPECT_EQ(scenario::Describe(*decoded), frame.description);
    kinds.insert(std::string(wire::FrameName(*decoded)) + (frame.up ? " up" : " down"));
  }
  for (const std::string kind :
       {"hello", "head", "segment", "seen", "held", "credit", "ping", "refuse", "open", "opened"}) {
    EXPECT_TRUE(kinds.contains(kind + " up")) << kind;
    EXPECT_TRUE(kinds.contains(kind + " down")) << kind;
  }
}

// A leaf that overtook those before it is taken as provisional, and then as the ledger's own.
TEST_P(GoldenFrames, HoldWhatOvertook) {
  for (const bool up : {true, false}) {
    uint64_t taken = 0;  // segments reach so far
    bool overtook = false;
    for (const RecordedFrame& frame : recording_.frames) {
      const auto decoded = *wire::DecodeFrame(frame.bytes);
      if (frame.up != up) continue;
      if (const auto* segment = std::get_if<wire::SegmentFrame>(&decoded)) {
        taken = segment->first.value + wire::DecodeSegment(segment->segment)->leaves.size();
      } else if (const auto* opened = std::get_if<wire::OpenedFrame>(&decoded)) {
        overtook = overtook || opened->index.value >= taken;
      }
    }
    EXPECT_TRUE(overtook) << (up ? "up" : "down");
  }
}

TEST_P(GoldenFrames, AProofFileIsUnderstood) {
  const auto root = CertificateOf(recording_.root_pem);
  const auto verdict = crypto::VerifyProofFile(recording_.proof, {root});
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ(crypto::LedgerOf(verdict->proof), (LedgerId{kCounty, Epoch{1}}));
  EXPECT_EQ(verdict->found_by, kBureau);
}

// The fuzz target begins with real frames, of each kind.
TEST_P(GoldenFrames, AreSeedsOfTheFuzzTarget) {
  std::set<Bytes> seeds;
  for (const auto& entry :
       fs::directory_iterator(std::string(TJ_SOURCE_DIR) + "/tests/fuzz/corpus/frame")) {
    std::ifstream file(entry.path(), std::ios::binary);
    seeds.emplace(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  std::set<std::string_view> kinds;
  std::set<std::string_view> seeded;
  for (const RecordedFrame& frame : recording_.frames) {
    const std::string_view kind = wire::FrameName(*wire::DecodeFrame(frame.bytes));
    kinds.insert(kind);
    if (seeds.contains(frame.bytes)) seeded.insert(kind);
  }
  EXPECT_EQ(seeded, kinds);
}

TEST_P(GoldenFrames, AreFollowedToTheSameStatements) {
  for (const bool up : {true, false}) {
    const auto player = Follow(up);
    EXPECT_EQ(player->refused, std::vector<std::string>());
    EXPECT_EQ(player->disk.problems(), std::vector<std::string>());
    EXPECT_EQ(player->statements, Sent(recording_, !up, {"seen", "held"}));
    const auto note = crypto::ParseNote(NewestHead(recording_, up).note);
    ASSERT_TRUE(note.ok()) << note.status();
    const scenario::MemoryLedger* ledger = player->disk.Find(note->head.ledger);
    ASSERT_NE(ledger, nullptr);
    EXPECT_EQ(ledger->size(), note->head.size);
    EXPECT_EQ(ledger->Root(), note->head.root);
    EXPECT_TRUE(ledger->missing.empty());
  }
}

// The other end: today's origin serves the recorded ledger, and the recorded follower's statements
// are taken as what they are.
TEST_P(GoldenFrames, StatementsAreAcceptedByTheOrigin) {
  const auto bureau = Follow(true);
  const scenario::MemoryLedger& held = *bureau->disk.Find({kCounty, Epoch{1}});
  Player county(kCounty, kBureau, *keys_);
  const auto publish = [&](const wire::HeadFrame& frame) {
    const auto note = *crypto::ParseNote(frame.note);
    scenario::MemoryLedger& own = county.disk.own();
    while (own.size() < note.head.size) own.Append(std::span(&held.leaf(Index{own.size()}), 1));
    ASSERT_EQ(own.Root(), note.head.root);
    own.heads.insert_or_assign({note.head.size, note.head.at}, note);
  };
  bool started = false;
  for (const RecordedFrame& frame : recording_.frames) {
    const wire::Frame decoded = *wire::DecodeFrame(frame.bytes);
    const auto* head = std::get_if<wire::HeadFrame>(&decoded);
    if (frame.up && head != nullptr) {
      publish(*head);
      if (started) county.Publish(frame.at);
    }
    if (!started) {
      started = true;
      // The first head was there when the session began.
      for (const RecordedFrame& other : recording_.frames) {
        const wire::Frame first = *wire::DecodeFrame(other.bytes);
        if (!other.up || !std::holds_alternative<wire::HeadFrame>(first)) continue;
        publish(std::get<wire::HeadFrame>(first));
        break;
      }
      county.Start(frame.at);
    }
    if (!frame.up) county.Step(decoded, frame.at);
  }
  EXPECT_EQ(county.disk.problems(), std::vector<std::string>());
  EXPECT_EQ(county.refused, Sent(recording_, true, {"refuse"}));
  for (const auto kind : {crypto::StatementKind::kSeen, crypto::StatementKind::kHeld}) {
    const auto statement = county.disk.NewestStatement({kCounty, Epoch{1}}, kBureau, kind);
    ASSERT_TRUE(statement.ok() && statement->has_value());
    EXPECT_EQ((*statement)->head.size, held.size());
  }
}

INSTANTIATE_TEST_SUITE_P(All, GoldenFrames, testing::ValuesIn(Recordings()),
                         [](const auto& recording) {
                           return "recording_" + std::to_string(recording.index);
                         });

TEST(GoldenRecordings, AreThere) { EXPECT_FALSE(Recordings().empty()); }

}  // namespace
}  // namespace tj::golden
