#include "admin-cli/json_output.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "protocol/wire/payload.pb.h"

namespace tj::cli {
namespace {

// What a JSON parser that is not ours reads.
google::protobuf::Value Read(const std::string& json) {
  google::protobuf::Value value;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &value);
  EXPECT_TRUE(status.ok()) << json << " " << status.message();
  return value;
}

TEST(JsonOutput, QuotesWhatAnotherParserReadsBack) {
  std::string controls;
  for (int c = 1; c < 0x20; ++c) controls += static_cast<char>(c);
  for (const std::string& text :
       {std::string(), std::string("微山县 \"A\\B\""), std::string("a\nb\tc\r"), controls,
        std::string("\x00\x7f", 2), std::string("𠮷野家/</script>")}) {
    EXPECT_EQ(Read(JsonQuoted(text)).string_value(), text);
  }
  EXPECT_EQ(JsonQuoted("a\x01\n"), "\"a\\u0001\\n\"");
}

TEST(JsonOutput, AFieldWithPresenceIsThereWhenSet) {
  v1::CaseInfo info;
  EXPECT_EQ(ToJson(info),
            "{\"case_type\":0,\"apply_source\":0,\"applicant_kind\":0,\"applicant_pid\":\"\"}");
  info.set_started_on(0);
  EXPECT_TRUE(Read(ToJson(info)).struct_value().fields().contains("started_on"));
  info.set_applicant_pid(std::string("\x00\xff\x10", 3));
  EXPECT_EQ(Read(ToJson(info)).struct_value().fields().at("applicant_pid").string_value(), "AP8Q");
}

TEST(JsonOutput, NumbersListsAndMessages) {
  v1::Summary summary;
  summary.set_date(-1);
  summary.set_org("11");
  summary.mutable_total()->set_fee_fen(-9'007'199'254'740'993);
  summary.mutable_total()->add_closed(1);
  summary.mutable_total()->add_closed(-2);
  summary.set_folded_size(18'446'744'073'709'551'615u);
  const std::string json = ToJson(summary);
  EXPECT_NE(json.find("\"date\":-1,"), std::string::npos) << json;
  EXPECT_NE(json.find("\"fee_fen\":-9007199254740993,"), std::string::npos) << json;
  EXPECT_NE(json.find("\"closed\":[1,-2]"), std::string::npos) << json;
  EXPECT_NE(json.find("\"folded_size\":18446744073709551615"), std::string::npos) << json;
  EXPECT_NE(json.find("\"leaves\":[]"), std::string::npos) << json;
  EXPECT_EQ(Read(json).struct_value().fields().at("total").struct_value().fields_size(),
            v1::Measures::descriptor()->field_count());
}

TEST(JsonOutput, EnumsAndFlags) {
  v1::CaseEvent event;
  event.set_type(v1::ACCEPT);
  event.set_historical(true);
  const std::string json = ToJson(event);
  EXPECT_NE(json.find("\"type\":\"ACCEPT\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"historical\":true"), std::string::npos) << json;
  EXPECT_EQ(json.find("\"terms\""), std::string::npos) << json;
}

}  // namespace
}  // namespace tj::cli
