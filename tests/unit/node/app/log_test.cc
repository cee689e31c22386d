#include "node/app/log.h"

#include <string>

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "protocol/vocab/error.h"

namespace tj::app {
namespace {

using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

// A line as a JSON parser that is not ours reads it.
google::protobuf::Struct Read(const std::string& line) {
  google::protobuf::Struct object;
  const auto status = google::protobuf::util::JsonStringToMessage(line, &object);
  EXPECT_TRUE(status.ok()) << line;
  return object;
}

TEST(Log, JsonLinesAreJsonWhateverTheFieldsHold) {
  for (const std::string& value :
       {std::string("plain"), std::string("a \"quoted\" \\ word"), std::string("two\nlines\t\x01"),
        std::string("微山县"), std::string("{} {0} %v %"), std::string()}) {
    CaptureStderr();
    StartLog("info", "json", "370826");
    Log(LogLevel::kWarn, "head-signed", {{"size", "7"}, {"what", value}});
    const std::string line = GetCapturedStderr();
    EXPECT_EQ(line.find('\n'), line.size() - 1) << "one line";
    const auto fields = Read(line).fields();
    EXPECT_EQ(fields.at("event").string_value(), "head-signed");
    EXPECT_EQ(fields.at("node").string_value(), "370826");
    EXPECT_EQ(fields.at("size").string_value(), "7");
    EXPECT_EQ(fields.at("what").string_value(), value);
    EXPECT_EQ(fields.at("level").string_value(), "warning");
  }
}

TEST(Log, WhatIsNotUtf8IsShownAsQuestionMarks) {
  CaptureStderr();
  StartLog("info", "json", "370826");
  Log(LogLevel::kWarn, "e", {{"what", "a\xff\xfe"}});
  EXPECT_EQ(Read(GetCapturedStderr()).fields().at("what").string_value(), "a??");
}

TEST(Log, TextQuotesWhatWouldBeTwoWordsOrLines) {
  CaptureStderr();
  StartLog("info", "text", "370826");
  Log(LogLevel::kWarn, "stream", {{"peer", "370800"}, {"why", "line one\nline two"}});
  const std::string line = GetCapturedStderr();
  EXPECT_NE(line.find("370826 stream peer=370800 why=\"line one\\u000aline two\"\n"),
            std::string::npos)
      << line;
}

TEST(Log, BelowTheLevelNothingIsWritten) {
  CaptureStderr();
  StartLog("error", "text", "370826");
  Log(LogLevel::kWarn, "not-this");
  LogError("this", Error(ErrorCode::kStoreFull, "detail"));
  const std::string text = GetCapturedStderr();
  EXPECT_EQ(text.find("not-this"), std::string::npos);
  EXPECT_NE(text.find("STORE-FULL"), std::string::npos) << text;
  EXPECT_NE(text.find("detail"), std::string::npos) << text;
}

}  // namespace
}  // namespace tj::app
