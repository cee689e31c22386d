// golden_record_frames FOLDER: makes one small session between a county and its bureau and writes
// what went over the wire (recording.h), and a proof file. Run once for a version
// (tests/golden/README.md).

#include <cstdio>
#include <memory>
#include <set>
#include <utility>

#include "crypto/fork_proof.h"
#include "crypto/issue.h"
#include "crypto/proof_file.h"
#include "crypto/signer.h"
#include "protocol/vocab/check.h"
#include "protocol/wire/frame.h"
#include "tests/golden/recording.h"
#include "tests/scenario/describe.h"
#include "tests/scenario/world.h"

namespace tj::golden {
namespace {

using scenario::Way;
using scenario::World;

template <typename T>
T Must(absl::StatusOr<T> value) {
  TJ_CHECK(value.ok());
  return *std::move(value);
}

const crypto::Validity kValidity{Instant::BeijingMidnight(CivilDate::Of(2026, 1, 1)),
                                 Instant::BeijingMidnight(CivilDate::Of(2036, 1, 1))};

struct Key {
  explicit Key(const crypto::Issued& issued)
      : certificate(Must(crypto::Certificate::FromPem(issued.certificate_pem))),
        pem(issued.certificate_pem),
        signer(Must(crypto::Sm2PrivateKey::FromPem(issued.key_pem, ""))) {}
  crypto::Certificate certificate;
  std::string pem;
  crypto::KeySigner signer;
};

class Recorder {
 public:
  Recorder()
      : root_(Must(crypto::MakeRoot(crypto::KeyKind::kSm2, "golden root", kValidity, ""))),
        bureau_key_(Issue(kBureau)),
        county_key_(Issue(kCounty)) {
    crypto::TrustedNode bureau{.code = kBureau, .parent = std::nullopt, .name = "golden"};
    crypto::TrustedNode county{.code = kCounty, .parent = kBureau, .name = "golden"};
    bureau.signing.push_back(bureau_key_.certificate);
    county.signing.push_back(county_key_.certificate);
    std::vector<crypto::Certificate> roots{
        Must(crypto::Certificate::FromPem(root_.certificate_pem))};
    trust_ = std::make_shared<const crypto::TrustStore>(Must(crypto::TrustStore::Make(
        {std::move(bureau), std::move(county)}, std::move(roots), {}, scenario::kBegin)));
    world_.quiet = true;
    for (auto& [node, key] : {std::pair(&world_.AddNode(kBureau, std::nullopt), &bureau_key_),
                              std::pair(&world_.AddNode(kCounty, kBureau), &county_key_)}) {
      node->signer.key = &key->signer;
      node->trust = trust_;
    }
  }

  // Every kind of frame, both ways: bodies and digests, bodies that come late, a second head with
  // its proof, records that overtake those before them, silence, and a question that is refused.
  Recording Record() {
    Append(kCounty, 6, Audience::kParent);
    Append(kCounty, 3, Audience::kLocal);
    Append(kCounty, 4, Audience::kChain);
    Append(kBureau, 5, Audience::kChildren);
    Append(kBureau, 2, Audience::kLocal);
    Append(kCounty, 1, Audience::kChain, Family::kAlarm, wire::kFlagUrgent);
    Append(kBureau, 1, Audience::kAll, Family::kSpotReveal, wire::kFlagUrgent);
    disk(kCounty).own().withheld.insert(Index{2});
    disk(kBureau).own().withheld.insert(Index{1});
    Publish(kCounty);
    Publish(kBureau);
    world_.Connect(kCounty, kBureau);
    DeliverAll();
    world_.Advance(Duration(5'000), false);
    DeliverAll();
    Append(kCounty, 9, Audience::kParent);
    Append(kBureau, 3, Audience::kAll);
    Publish(kCounty);
    Publish(kBureau);
    DeliverAll();
    world_.Advance(Duration(21'000), false);
    DeliverAll();
    Ask(kBureau, kCounty, Index{7});
    Ask(kCounty, kBureau, Index{6});
    DeliverAll();
    return {std::move(frames_), root_.certificate_pem, bureau_key_.pem, county_key_.pem, Fork()};
  }

 private:
  Key Issue(const NodeCode& code) {
    return Key(Must(crypto::IssueForNode(root_.certificate_pem, root_.key_pem, "", code,
                                         crypto::Purpose::kRecordSigning, kValidity, "")));
  }

  scenario::MemoryNode& disk(const NodeCode& code) { return world_.Find(code)->disk; }

  // The county has signed two histories.
  Bytes Fork() {
    const auto signed_head = [&](char root) {
      Hash hash;
      hash.data.fill(static_cast<uint8_t>(root));
      return Must(crypto::SignHead(
          {.ledger = {kCounty, Epoch{1}}, .size = 5, .root = hash, .at = world_.now()},
          county_key_.signer));
    };
    const crypto::ForkProof fork{signed_head('a'), signed_head('b'), {}};
    return Must(crypto::MakeProofFile(crypto::EncodeForkProof(fork), kBureau, world_.now(), *trust_,
                                      bureau_key_.signer));
  }

  void Append(const NodeCode& code, uint64_t n, Audience audience,
              Family family = Family::kCaseEvent, uint8_t flags = 0) {
    scenario::MemoryNode::Record record;
    record.family = static_cast<uint16_t>(family);
    record.flags = flags;
    record.audience = audience;
    disk(code).Append(n, record, world_.now());
  }

  void Publish(const NodeCode& code) {
    Must(disk(code).Publish(world_.Find(code)->signer, world_.now()));
    world_.Published(code, disk(code).own_id(), true);
  }

  // For a body outside the asker's audience: only a frame made by hand does that.
  void Ask(const NodeCode& from, const NodeCode& to, Index leaf) {
    world_.Queue({from, to})
        .push_back(wire::OpenFrame{.ledger = {to, Epoch{1}}, .first = leaf, .count = 1});
  }

  void DeliverAll() {
    for (bool any = true; any;) {
      any = false;
      for (const Way& way : {Way{kCounty, kBureau}, Way{kBureau, kCounty}}) {
        if (world_.Queue(way).empty()) continue;
        const wire::Frame& frame = world_.Queue(way).front();
        frames_.push_back({world_.now(), way.first == kCounty, wire::EncodeFrame(frame),
                           scenario::Describe(frame)});
        world_.DeliverOne(way);
        any = true;
      }
    }
  }

  World world_;
  std::vector<RecordedFrame> frames_;
  const crypto::Issued root_;
  Key bureau_key_;
  Key county_key_;
  std::shared_ptr<const crypto::TrustStore> trust_;
};

}  // namespace
}  // namespace tj::golden

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: golden_record_frames FOLDER\n", stderr);
    return 2;
  }
  tj::golden::Recorder recorder;
  if (!tj::golden::Write(recorder.Record(), argv[1])) {
    std::fprintf(stderr, "error: cannot write into %s\n", argv[1]);
    return 1;
  }
  return 0;
}
