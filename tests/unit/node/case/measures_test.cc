#include "node/case/measures.h"

#include <random>

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

namespace tj::cases {
namespace {

// Every field that the message has, so that a field added to it is not forgotten in the sum.
v1::Measures Random(std::mt19937_64& random) {
  v1::Measures measures;
  const google::protobuf::Reflection& reflection = *measures.GetReflection();
  const google::protobuf::Descriptor& type = *measures.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = type.field(i);
    const auto value = [&] { return static_cast<int64_t>(random() % 2001) - 1000; };
    if (!field->is_repeated()) {
      reflection.SetInt64(&measures, field, value());
      continue;
    }
    for (size_t n = random() % 8; n > 0; --n) reflection.AddInt64(&measures, field, value());
  }
  return measures;
}

TEST(Measures, AddAndTakeAwayEveryField) {
  std::mt19937_64 random(20261123);
  for (int round = 0; round < 200; ++round) {
    const v1::Measures a = Random(random);
    const v1::Measures b = Random(random);
    v1::Measures sum = a;
    AddMeasures(b, +1, sum);
    EXPECT_EQ(sum.received(), a.received() + b.received());
    v1::Measures other = b;
    AddMeasures(a, +1, other);
    EXPECT_TRUE(Equal(sum, other));
    AddMeasures(b, -1, sum);
    EXPECT_TRUE(Equal(sum, a)) << sum.DebugString() << a.DebugString();
    AddMeasures(a, -1, sum);
    EXPECT_TRUE(IsZero(sum));
  }
}

TEST(Measures, EveryFieldMakesADifference) {
  const google::protobuf::Descriptor& type = *v1::Measures::descriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    v1::Measures one;
    if (type.field(i)->is_repeated()) {
      one.GetReflection()->AddInt64(&one, type.field(i), 1);
    } else {
      one.GetReflection()->SetInt64(&one, type.field(i), 1);
    }
    EXPECT_FALSE(IsZero(one)) << type.field(i)->name();
    EXPECT_FALSE(Equal(one, {})) << type.field(i)->name();
    EXPECT_FALSE(Equal({}, one)) << type.field(i)->name();
  }
}

TEST(Measures, TrailingZeroResultsAreEqual) {
  v1::Measures zeros;
  for (int i = 0; i < 7; ++i) zeros.add_closed(0);
  EXPECT_TRUE(IsZero(zeros));
  EXPECT_TRUE(Equal(zeros, {}));
}

}  // namespace
}  // namespace tj::cases
