#include "node/store/private_parts.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "node/store/content_digest.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/payload.pb.h"
#include "tests/unit/node/store/temp_folder.h"

namespace tj::store {
namespace {

namespace fs = std::filesystem;
using wire::PrivateKind;

const Bytes kSalt(16, 's');
const Instant kNovember = *Instant::Parse("2026-11-22T09:30:00+08:00");
const Instant kDecember = *Instant::Parse("2026-12-01T00:00:00+08:00");

std::unique_ptr<PrivateKeys> Keys(const std::string& folder) {
  auto keys = PrivateKeys::Open(folder);
  EXPECT_TRUE(keys.ok()) << keys.status();
  return *std::move(keys);
}

TEST(PrivateParts, OpenAgainInALaterRun) {
  TempFolder folder;
  const auto first = Keys(folder / "keys");
  const SealedPart part = *first->SealPart(PrivateKind::kPerson, kSalt, "张三", kNovember);
  EXPECT_EQ(part.kind, PrivateKind::kPerson);
  EXPECT_EQ(part.salt, kSalt);
  EXPECT_EQ(part.sealed.find("张三"), Bytes::npos);
  EXPECT_EQ(*first->OpenPart(PrivateKind::kPerson, kSalt, part.sealed), "张三");
  const auto second = Keys(folder / "keys");
  EXPECT_EQ(*second->OpenPart(PrivateKind::kPerson, kSalt, part.sealed), "张三");
  const SealedPart empty = *second->SealPart(PrivateKind::kText, kSalt, "", kNovember);
  EXPECT_EQ(*second->OpenPart(PrivateKind::kText, kSalt, empty.sealed), "");
}

TEST(PrivateParts, KeepTheirKeysToThemselves) {
  TempFolder folder;
  const auto keys = Keys(folder / "keys");
  ASSERT_TRUE(keys->SealPart(PrivateKind::kPerson, kSalt, "x", kNovember).ok());
  ASSERT_TRUE(keys->SealPart(PrivateKind::kPerson, kSalt, "x", kDecember).ok());
  EXPECT_EQ(fs::status(folder / "keys").permissions(), fs::perms::owner_all);
  std::set<std::string> names;
  for (const auto& file : fs::directory_iterator(folder / "keys")) {
    names.insert(file.path().filename());
    EXPECT_EQ(file.file_size(), 32u);
    EXPECT_EQ(file.status().permissions(), fs::perms::owner_read | fs::perms::owner_write);
  }
  EXPECT_EQ(names, (std::set<std::string>{"pepper", "2026-11.key", "2026-12.key"}));
}

TEST(PrivateParts, AreGoneWithTheirMonthsKey) {
  TempFolder folder;
  const auto keys = Keys(folder / "keys");
  const SealedPart old = *keys->SealPart(PrivateKind::kText, kSalt, "old", kNovember);
  const SealedPart young = *keys->SealPart(PrivateKind::kText, kSalt, "young", kDecember);
  fs::remove(folder / "keys/2026-11.key");
  EXPECT_EQ(CodeOf(keys->OpenPart(PrivateKind::kText, kSalt, old.sealed).status()),
            ErrorCode::kStoreAbsent);
  EXPECT_EQ(*keys->OpenPart(PrivateKind::kText, kSalt, young.sealed), "young");
  EXPECT_TRUE(PrivateKeys::CheckSealed(PrivateKind::kText, kSalt, old.sealed).ok());
}

TEST(PrivateParts, NoticeEveryChangedByte) {
  TempFolder folder;
  const auto keys = Keys(folder / "keys");
  const SealedPart part = *keys->SealPart(PrivateKind::kPerson, kSalt, "name", kNovember);
  const auto code = [&](PrivateKind kind, ByteView salt, ByteView sealed) {
    EXPECT_FALSE(PrivateKeys::CheckSealed(kind, salt, sealed).ok());
    return CodeOf(keys->OpenPart(kind, salt, sealed).status());
  };
  for (size_t i = 0; i < part.sealed.size(); ++i) {
    for (const int flip : {0x01, 0x80}) {
      Bytes changed = part.sealed;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      EXPECT_EQ(code(part.kind, kSalt, changed), ErrorCode::kCryptoSeal) << i;
    }
  }
  for (size_t length = 0; length < part.sealed.size(); ++length) {
    EXPECT_EQ(code(part.kind, kSalt, part.sealed.substr(0, length)), ErrorCode::kCryptoSeal);
  }
  EXPECT_EQ(code(PrivateKind::kText, kSalt, part.sealed), ErrorCode::kCryptoSeal);
  EXPECT_EQ(code(part.kind, Bytes(16, 't'), part.sealed), ErrorCode::kCryptoSeal);
}

TEST(PrivateParts, OfAnotherNodeDoNotOpen) {
  TempFolder folder;
  const auto here = Keys(folder / "here");
  const auto there = Keys(folder / "there");
  ASSERT_TRUE(there->SealPart(PrivateKind::kPerson, kSalt, "x", kNovember).ok());
  const SealedPart part = *here->SealPart(PrivateKind::kPerson, kSalt, "name", kNovember);
  EXPECT_EQ(CodeOf(there->OpenPart(part.kind, kSalt, part.sealed).status()),
            ErrorCode::kCryptoSeal);
}

TEST(PrivateParts, RefuseDamagedKeyFiles) {
  TempFolder folder;
  const SealedPart part =
      *Keys(folder / "keys")->SealPart(PrivateKind::kPerson, kSalt, "name", kNovember);
  for (const size_t size : {0, 31, 33}) {
    std::ofstream(folder / "keys/2026-11.key") << Bytes(size, 'k');
    const auto keys = Keys(folder / "keys");
    EXPECT_EQ(CodeOf(keys->OpenPart(part.kind, kSalt, part.sealed).status()),
              ErrorCode::kStoreCorrupt);
    EXPECT_EQ(CodeOf(keys->SealPart(part.kind, kSalt, "x", kNovember).status()),
              ErrorCode::kStoreCorrupt);
  }
  std::ofstream(folder / "keys/pepper") << "short";
  EXPECT_EQ(CodeOf(PrivateKeys::Open(folder / "keys").status()), ErrorCode::kStoreCorrupt);
}

TEST(PrivateParts, NeverReplaceALostPepper) {
  TempFolder folder;
  EXPECT_EQ(CodeOf(PrivateKeys::OpenExisting(folder / "keys").status()), ErrorCode::kStoreAbsent);
  EXPECT_FALSE(fs::exists(folder / "keys"));
  const auto keys = Keys(folder / "keys");
  ASSERT_TRUE(keys->SealPart(PrivateKind::kPerson, kSalt, "x", kNovember).ok());
  EXPECT_TRUE(PrivateKeys::OpenExisting(folder / "keys").ok());
  fs::remove(folder / "keys/pepper");
  EXPECT_EQ(CodeOf(PrivateKeys::Open(folder / "keys").status()), ErrorCode::kStoreCorrupt);
}

TEST(PrivateParts, AreSealedOnManyThreads) {
  TempFolder folder;
  const auto keys = Keys(folder / "keys");
  std::vector<std::vector<SealedPart>> parts(4);
  std::vector<std::thread> threads;
  for (auto& mine : parts) {
    threads.emplace_back([&keys, &mine] {
      for (int i = 0; i < 24; ++i) {
        const Instant at = kNovember + std::chrono::hours(24 * 10 * i);
        mine.push_back(*keys->SealPart(PrivateKind::kText, kSalt, Cat("part ", i), at));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto later = Keys(folder / "keys");
  for (const auto& mine : parts) {
    for (int i = 0; i < 24; ++i) {
      EXPECT_EQ(*later->OpenPart(PrivateKind::kText, kSalt, mine[static_cast<size_t>(i)].sealed),
                Cat("part ", i));
    }
  }
}

TEST(Pepper, TellsPurposesAndPiecesApart) {
  TempFolder folder;
  const auto keys = Keys(folder / "keys");
  const Hash hash = keys->Peppered("pid", {"a", "bc"});
  EXPECT_EQ(Keys(folder / "keys")->Peppered("pid", {"a", "bc"}), hash);
  EXPECT_NE(keys->Peppered("pid", {"ab", "c"}), hash);
  EXPECT_NE(keys->Peppered("pid", {"abc"}), hash);
  EXPECT_NE(keys->Peppered("pid", {"a", "bc", ""}), hash);
  EXPECT_NE(keys->Peppered("content", {"a", "bc"}), hash);
  EXPECT_NE(Keys(folder / "other")->Peppered("pid", {"a", "bc"}), hash);
}

TEST(ContentDigest, IsOfWhatTheSourceSaid) {
  TempFolder folder;
  const auto keys = Keys(folder / "keys");
  v1::CaseEvent event;
  event.set_case_no("GH-17");
  const Bytes said = event.SerializeAsString();
  const ContentDigest digest = SubmittedDigest(*keys, said, "person", "text");
  event.set_previous(~uint64_t{0});
  EXPECT_EQ(SubmittedDigest(*keys, event.SerializeAsString(), "person", "text"), digest);
  event.set_previous(17);
  EXPECT_EQ(SubmittedDigest(*keys, event.SerializeAsString(), "person", "text"), digest);
  event.set_case_no("GH-18");
  EXPECT_NE(SubmittedDigest(*keys, event.SerializeAsString(), "person", "text"), digest);
  EXPECT_NE(SubmittedDigest(*keys, said, "persont", "ext"), digest);
  EXPECT_NE(SubmittedDigest(*keys, said, "person", ""), digest);
  EXPECT_NE(SubmittedDigest(*Keys(folder / "other"), said, "person", "text"), digest);
}

TEST(ContentDigest, OfAnEmittedRecordIsOverItsName) {
  const ContentDigest digest = EmittedDigest("~summary", "2026-11-22/a", "1", "payload");
  EXPECT_EQ(EmittedDigest("~summary", "2026-11-22/a", "1", "payload"), digest);
  EXPECT_NE(EmittedDigest("~summary", "2026-11-22/a", "2", "payload"), digest);
  EXPECT_NE(EmittedDigest("~summary", "2026-11-22/", "a1", "payload"), digest);
  EXPECT_NE(EmittedDigest("~summary", "2026-11-22/a", "1", "Payload"), digest);
}

}  // namespace
}  // namespace tj::store
