// A bureau and a county that never share a network: nodes in memory, files in memory.

#ifndef TJ_TESTS_UNIT_SYNC_BUNDLE_BUNDLE_FIXTURE_H_
#define TJ_TESTS_UNIT_SYNC_BUNDLE_BUNDLE_FIXTURE_H_

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "sync/bundle/exporter.h"
#include "sync/bundle/importer.h"
#include "tests/scenario/keyring.h"
#include "tests/scenario/memory_node.h"

namespace tj::bundle {

class TestClock final : public Clock {
 public:
  Instant Now() const override { return now; }
  mutable Instant now = Instant::BeijingMidnight(CivilDate::Of(2026, 11, 22));
};

// Files by name; `manifests_late` counts writes before the end of a file.
class MemorySink final : public Sink {
 public:
  absl::Status Write(const std::string& file, uint64_t offset, ByteView bytes) override {
    Bytes& content = open_[file];
    if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
    content.replace(offset, bytes.size(), bytes);
    return absl::OkStatus();
  }
  absl::Status Done(const std::string& file, uint64_t bytes) override {
    EXPECT_EQ(open_[file].size(), bytes);
    files.push_back(open_[file]);
    names.push_back(file);
    open_.erase(file);
    return absl::OkStatus();
  }
  std::vector<Bytes> files;
  std::vector<std::string> names;

 private:
  std::map<std::string, Bytes> open_;
};

struct Side {
  Side(const char* code_text, TestClock& clock, std::vector<scenario::Member> members)
      : code(*NodeCode::Parse(code_text)), node(code, 64), host{.self = code} {
    auto& keyring = scenario::Keyring::Instance();
    host.software = "test";
    host.trust = keyring.Trust(members);
    host.addresses = keyring.Addresses(*host.trust, code);
    host.signer = host.sealer = &keyring.SignerOf(code, 1);
    host.ledgers = &node;
    host.clock = &clock;
    host.persist = [this](const std::vector<sync::PersistOp>& ops) {
      if (!fail_next.ok()) return std::exchange(fail_next, absl::OkStatus());
      node.Apply(ops);
      return absl::OkStatus();
    };
    host.on_event = [this](const NodeCode&, const sync::Event& event) { events.push_back(event); };
  }
  void Write(uint64_t records, Instant now, Audience audience = Audience::kParent) {
    node.Append(records, {.audience = audience}, now);
    ASSERT_TRUE(node.Publish(*host.signer, now).ok());
  }

  const NodeCode code;
  scenario::MemoryNode node;
  Host host;
  absl::Status fail_next;
  std::vector<sync::Event> events;
};

// What came of a file, and what a reply should answer.
struct Imported {
  absl::Status status;
  ImportReport report;
};

class BundleTest : public testing::Test {
 protected:
  static std::vector<scenario::Member> Members() {
    const NodeCode top = *NodeCode::Parse("370800");
    return {{.code = top, .parent = {}},
            {.code = *NodeCode::Parse("370826"), .parent = top},
            {.code = *NodeCode::Parse("370827"), .parent = top}};
  }
  static constexpr uint64_t kLarge = uint64_t{1} << 40;

  std::vector<Bytes> ExportTo(Side& from, const Side& to, uint64_t part_bytes = kLarge,
                              Asked asked = {}) {
    clock.now = clock.now + Duration(1000);
    MemorySink sink;
    const auto report =
        Export(from.host, {.to = to.code, .part_bytes_max = part_bytes, .asked = std::move(asked)},
               sink, [](const ExportReport&) { return true; });
    EXPECT_TRUE(report.ok()) << report.status();
    if (report.ok()) {
      EXPECT_EQ(report->parts, sink.files.size());
      last_export = *report;
    }
    return sink.files;
  }

  // In pieces of an odd size.
  Imported ImportAt(Side& side, ByteView file, size_t piece = 1009) {
    clock.now = clock.now + Duration(1000);
    Importer importer(side.host, scenario::Keyring::Instance().EncryptionOf(side.code));
    absl::Status status;
    while (status.ok() && !file.empty()) {
      status = importer.Feed(file.substr(0, piece));
      file.remove_prefix(std::min(piece, file.size()));
    }
    if (status.ok()) status = importer.Finish();
    return {status, importer.report()};
  }

  // The reply that an import makes.
  std::vector<Bytes> ReplyTo(Side& from, const Side& to, const Imported& imported) {
    return ExportTo(from, to, kLarge, imported.report.asked);
  }

  static uint64_t StatedBy(Side& of, const Side& by, crypto::StatementKind kind) {
    const auto note = of.node.NewestStatement(of.node.own_id(), by.code, kind);
    return note.ok() && *note ? (*note)->head.size : 0;
  }
  static void ExpectSame(Side& origin, Side& follower) {
    const scenario::MemoryLedger* copy = follower.node.Find(origin.node.own_id());
    ASSERT_NE(copy, nullptr);
    EXPECT_EQ(copy->size(), origin.node.own().size());
    EXPECT_EQ(copy->Root(), origin.node.own().Root());
  }
  void TearDown() override {
    EXPECT_EQ(bureau.node.problems(), std::vector<std::string>());
    EXPECT_EQ(county.node.problems(), std::vector<std::string>());
  }

  TestClock clock;
  Side bureau{"370800", clock, Members()};
  Side county{"370826", clock, Members()};
  Side other{"370827", clock, Members()};
  ExportReport last_export;
};

}  // namespace tj::bundle

#endif  // TJ_TESTS_UNIT_SYNC_BUNDLE_BUNDLE_FIXTURE_H_
