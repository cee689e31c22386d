#include "crypto/sm3.h"

#include <gtest/gtest.h>

#include <iostream>
#include <set>
#include <thread>
#include <vector>

#include "tests/unit/crypto/vector_file.h"

namespace tj::crypto {
namespace {

TEST(Sm3, StandardExamples) {  // GB/T 32905-2016, annex A
  EXPECT_EQ(Sm3Of({"abc"}).Hex(),
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
  const std::string abcd = "abcdabcdabcdabcd";
  EXPECT_EQ(Sm3Of({abcd, abcd, abcd, abcd}).Hex(),
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
}

TEST(Sm3, PiecesAreConcatenated) {
  const std::string text(1000, 'x');
  const Hash whole = Sm3Of({text});
  for (const size_t cut : {0, 1, 63, 64, 65, 999, 1000}) {
    EXPECT_EQ(Sm3Of({ByteView(text).substr(0, cut), ByteView(), ByteView(text).substr(cut)}), whole)
        << cut;
  }
  EXPECT_EQ(Sm3Of({}), Sm3Of({""}));
  EXPECT_NE(Sm3Of({}), whole);
}

TEST(Sm3, ObjectIsReadyAfterFinish) {
  Sm3 sm3;
  sm3.Update("a");
  sm3.Update("bc");
  EXPECT_EQ(sm3.Finish(), Sm3Of({"abc"}));
  EXPECT_EQ(sm3.Finish(), Sm3Of({}));
  sm3.Update("abc");
  EXPECT_EQ(sm3.Finish(), Sm3Of({"abc"}));
}

TEST(Sm3, ThreadsDoNotShareState) {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t, &wrong] {
      const std::string text(static_cast<size_t>(t) * 50 + 1, static_cast<char>('a' + t));
      const Hash expected = Sm3Of({text});
      for (int i = 0; i < 500; ++i) wrong[t] += Sm3Of({text}) != expected ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(Sm3, BotanVectors) {
  const auto file = SharedData() / "crypto/botan/sm3.vec";
  TJ_SKIP_WITHOUT(file);
  int count = 0;
  for (const VectorCase& vector : ReadVectors(file)) {
    if (!vector.contains("Out")) continue;
    const Bytes input = ValueBytes(vector.at("In"));
    EXPECT_EQ(Sm3Of({input}).view(), ValueBytes(vector.at("Out"))) << vector.at("In");
    ++count;
  }
  std::cout << count << " cases of sm3.vec\n";
  EXPECT_GE(count, 100);
}

TEST(Sm3, TongsuoVectors) {
  const auto file = SharedData() / "crypto/tongsuo/evpmd_sm3.txt";
  TJ_SKIP_WITHOUT(file);
  int count = 0;
  for (const VectorCase& vector : ReadVectors(file)) {
    // The file ends with examples of other hashes.
    if (!vector.contains("Output") || vector.at("Digest") != "SM3") continue;
    Sm3 sm3;
    const Bytes input = ValueBytes(vector.at("Input"));
    const int repeat = vector.contains("Count") ? std::stoi(vector.at("Count")) : 1;
    for (int i = 0; i < repeat; ++i) sm3.Update(input);
    EXPECT_EQ(sm3.Finish().view(), ValueBytes(vector.at("Output"))) << vector.at("Input");
    ++count;
  }
  std::cout << count << " cases of evpmd_sm3.txt\n";
  EXPECT_GE(count, 5);
}

TEST(HmacSm3, TongsuoVectors) {
  const auto file = SharedData() / "crypto/tongsuo/evpmac_sm3.txt";
  TJ_SKIP_WITHOUT(file);
  int count = 0;
  for (const VectorCase& vector : ReadVectors(file)) {
    if (!vector.contains("MAC")) continue;
    const Bytes input = ValueBytes(vector.at("Input"));
    EXPECT_EQ(HmacSm3(ValueBytes(vector.at("Key")), {input}).view(),
              ValueBytes(vector.at("Output")));
    ++count;
  }
  EXPECT_EQ(count, 4);
}

TEST(MacKey, EachMessageByItself) {
  const MacKey key("a key");
  for (int round = 0; round < 3; ++round) {
    for (const size_t size : {0, 1, 63, 64, 500}) {
      const Bytes message(size, static_cast<char>('a' + round));
      EXPECT_EQ(key.Of({message}), HmacSm3("a key", {message}));
      EXPECT_EQ(key.Of({ByteView(message).substr(0, size / 2), ByteView(message).substr(size / 2)}),
                key.Of({message}));
    }
  }
}

TEST(HmacSm3, WycheproofVectors) {
  const auto file = SharedData() / "crypto/wycheproof/hmac_sm3_test.json";
  TJ_SKIP_WITHOUT(file);
  const auto json = ReadJson(file);
  int valid = 0;
  int invalid = 0;
  for (const auto& group : json.fields().at("testGroups").list_value().values()) {
    const auto& fields = group.struct_value().fields();
    const auto tag_bytes = static_cast<size_t>(fields.at("tagSize").number_value()) / 8;
    for (const auto& test : fields.at("tests").list_value().values()) {
      const auto& at = test.struct_value().fields();
      const Bytes message = ValueBytes(at.at("msg").string_value());
      const Hash mac = HmacSm3(ValueBytes(at.at("key").string_value()), {message});
      const bool equal = ConstantTimeEqual(mac.view().substr(0, tag_bytes),
                                           ValueBytes(at.at("tag").string_value()));
      const bool right = at.at("result").string_value() == "valid";
      EXPECT_EQ(equal, right) << at.at("tcId").number_value();
      ++(right ? valid : invalid);
    }
  }
  EXPECT_EQ(valid + invalid, static_cast<int>(json.fields().at("numberOfTests").number_value()));
  EXPECT_GT(invalid, 0);
  std::cout << valid << " valid, " << invalid << " invalid cases of hmac_sm3_test.json\n";
}

TEST(HmacSm3, PiecesAndEmptyKey) {
  EXPECT_EQ(HmacSm3("key", {"ab", "", "c"}), HmacSm3("key", {"abc"}));
  EXPECT_EQ(HmacSm3("", {"abc"}), HmacSm3(std::string(64, '\0'), {"abc"}));
  EXPECT_EQ(HmacSm3(ByteView(), {}), HmacSm3("", {""}));
}

TEST(Sm3, ConstantTimeEqual) {
  EXPECT_TRUE(ConstantTimeEqual("", ByteView()));
  EXPECT_TRUE(ConstantTimeEqual("abc", "abc"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "abd"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "ab"));
}

TEST(Sm3, RandomBytesDiffer) {
  std::set<Bytes> seen;
  for (int i = 0; i < 100; ++i) seen.insert(RandomBytes(16));
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(RandomBytes(0).size(), 0u);
}

}  // namespace
}  // namespace tj::crypto
