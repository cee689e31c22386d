#include "node/intake/xes_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "tests/unit/node/intake/intake_samples.h"

namespace tj::intake {
namespace {

struct Result {
  std::vector<XesTrace> traces;
  absl::Status status;
};

Result Read(std::string_view text, size_t piece = 1 << 20) {
  Result result;
  XesReader reader([&](XesTrace trace) {
    result.traces.push_back(std::move(trace));
    return absl::OkStatus();
  });
  for (size_t at = 0; at < text.size() && result.status.ok(); at += piece) {
    result.status = reader.Feed(text.substr(at, piece));
  }
  if (result.status.ok()) result.status = reader.Finish();
  return result;
}

std::string Value(const XesAttributes& attributes, std::string_view key) {
  const std::string* value = attributes.Find(key);
  return value != nullptr ? *value : "(absent)";
}

const char kTwoTraces[] =
    "\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8' ?>\n"
    "<log xes.version=\"1.0\">\n"
    " <extension name=\"Time\" prefix=\"time\" uri=\"http://x\"/>\n"
    " <global scope=\"event\"><string key=\"a\" value=\"UNKNOWN\"/></global>\n"
    " <int key=\"outer\" value=\"1\"><int key=\"inner\" value=\"2\"/></int>\n"
    " <!-- a comment --><?pi x?>\n"
    " <trace><date value=\"2014-04-11\" key=\"start\"/>\n"
    "  <string key=\"name\" value=\"caf\xc3\xa9 &amp; &#x5f20;\"><string key=\"in\" "
    "value=\"x\"/></string>\n"
    "  <event><string key=\"a\" value=\"1\"/><list key=\"l\"><string key=\"b\" "
    "value=\"2\"/></list></event>\n"
    "  <event/>\n"
    "  <string key=\"late\" value=\"after the events\"/>\n"
    " </trace>\n"
    " <trace/>\n"
    "</log>";

class XesPieces : public testing::TestWithParam<size_t> {};

TEST_P(XesPieces, TracesComeOutWhateverTheSize) {
  const Result result = Read(kTwoTraces, GetParam());
  ASSERT_TRUE(result.status.ok()) << result.status;
  ASSERT_EQ(result.traces.size(), 2u);
  const XesTrace& trace = result.traces[0];
  EXPECT_EQ(trace.attributes.entries.size(), 3u);
  EXPECT_EQ(Value(trace.attributes, "start"), "2014-04-11");
  EXPECT_EQ(Value(trace.attributes, "name"), "café & 张");
  EXPECT_EQ(Value(trace.attributes, "late"), "after the events");
  EXPECT_EQ(Value(trace.attributes, "in"), "(absent)");
  ASSERT_EQ(trace.events.size(), 2u);
  EXPECT_EQ(trace.event_count, 2u);
  EXPECT_EQ(trace.first_event, 1u);
  EXPECT_EQ(trace.events[0].attributes.entries.size(), 1u);
  EXPECT_TRUE(trace.events[1].attributes.entries.empty());
  EXPECT_EQ(result.traces[1].first_event, 3u);
  EXPECT_TRUE(result.traces[1].events.empty());
}

INSTANTIATE_TEST_SUITE_P(Sizes, XesPieces, testing::Values(1, 3, 17, 1 << 20));

TEST(XesReader, TakesTheRootsNamespaceAndNoOther) {
  for (const char* root : {"<log xmlns=\"http://www.xes-standard.org/\" xmlns:o=\"urn:other\">",
                           "<log xmlns:o=\"urn:other\">"}) {
    const Result result = Read(Cat(root, "<o:trace/><trace><o:event/><event>",
                                   "<o:string key=\"a\" value=\"1\"/></event></trace></log>"));
    ASSERT_TRUE(result.status.ok()) << result.status;
    ASSERT_EQ(result.traces.size(), 1u);
    ASSERT_EQ(result.traces[0].events.size(), 1u);
    EXPECT_TRUE(result.traces[0].events[0].attributes.entries.empty());
  }
  const Result prefixed =
      Read("<x:log xmlns:x=\"http://www.xes-standard.org/\"><x:trace/><trace/></x:log>");
  ASSERT_TRUE(prefixed.status.ok());
  EXPECT_EQ(prefixed.traces.size(), 1u);
}

TEST(XesReader, OtherEncodingsThatExpatKnowsAreRead) {
  const Result latin = Read(
      "<?xml version='1.0' encoding='ISO-8859-1'?><log><trace>"
      "<string key='a' value='caf\xe9'/></trace></log>");
  ASSERT_TRUE(latin.status.ok()) << latin.status;
  EXPECT_EQ(Value(latin.traces[0].attributes, "a"), "café");
  const Result unknown = Read("<?xml version='1.0' encoding='EBCDIC'?><log/>");
  EXPECT_EQ(CodeOf(unknown.status), ErrorCode::kIntakeSyntax);
}

struct Broken {
  const char* name;
  std::string text;
  const char* says;
};

class XesRefuses : public testing::TestWithParam<Broken> {};

TEST_P(XesRefuses, TheFileWithTheLine) {
  for (const size_t piece : {size_t{1}, size_t{1} << 20}) {
    const Result result = Read(GetParam().text, piece);
    ASSERT_FALSE(result.status.ok());
    EXPECT_EQ(CodeOf(result.status), ErrorCode::kIntakeSyntax);
    EXPECT_TRUE(DetailOf(result.status).starts_with(GetParam().says)) << result.status;
  }
}

std::string Laughs() {
  std::string text = "<?xml version='1.0'?>\n<!DOCTYPE log [\n<!ENTITY lol0 'lol'>\n";
  for (int i = 1; i < 10; ++i) {
    text += Cat("<!ENTITY lol", i, " '");
    for (int k = 0; k < 10; ++k) text += Cat("&lol", i - 1, ";");
    text += "'>\n";
  }
  return text + "]>\n<log><trace><string key='a' value='&lol9;'/></trace></log>";
}

INSTANTIATE_TEST_SUITE_P(
    Files, XesRefuses,
    testing::Values(Broken{"Empty", "", "line 1: "}, Broken{"NoXml", "hello", "line 1: "},
                    Broken{"Json", "{\"event\":{}}", "line 1: "},
                    Broken{"CutShort", "<log>\n<trace>", "line 2: "},
                    Broken{"WrongTag", "<log>\n<trace></log>", "line 2: "},
                    Broken{"OtherRoot", "\n<html/>", "line 2: <html> where <log> is due"},
                    Broken{"Twice", "<log/>\n<log/>", "line 2: "},
                    Broken{"Dtd", "<!DOCTYPE log>\n<log/>", "line 1: a DTD is not accepted"},
                    Broken{"ExternalDtd", "<!DOCTYPE log SYSTEM 'file:///etc/passwd'>\n<log/>",
                           "line 1: a DTD is not accepted"},
                    Broken{"ExternalEntity",
                           "<!DOCTYPE log [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><log>&x;</log>",
                           "line 1: a DTD is not accepted"},
                    Broken{"BillionLaughs", Laughs(), "line 2: a DTD is not accepted"},
                    Broken{"UnknownEntity", "<log>\n<trace>\n&nbsp;</trace></log>", "line 3: "},
                    Broken{"UnknownEntityInValue", "<log>\n<string key='&x;' value='1'/></log>",
                           "line 2: "},
                    Broken{"BadUtf8", "<log>\n<string key='a' value='\xff'/></log>", "line 2: "},
                    Broken{"NulByte", std::string("<log>\n\0</log>", 13), "line 2: "},
                    Broken{"UnboundPrefix", "<log>\n<x:trace/></log>", "line 2: "}),
    [](const auto& row) { return row.param.name; });

TEST(XesReader, NestingIsBounded) {
  std::string text = "<log><trace>";
  for (int i = 0; i < 1000; ++i) text += "<list key='l'>";
  const Result result = Read(text);
  EXPECT_EQ(CodeOf(result.status), ErrorCode::kIntakeSyntax);
  EXPECT_NE(DetailOf(result.status).find("nested deeper"), std::string::npos);
}

TEST(XesReader, ATagWithoutAnEndTakesNoMemoryWithoutEnd) {
  size_t fed = 0;
  XesReader reader([](XesTrace) { return absl::OkStatus(); });
  absl::Status status = reader.Feed("<log><string key='");
  const std::string piece(64 << 10, 'k');
  for (; status.ok() && fed < (64u << 20); fed += piece.size()) status = reader.Feed(piece);
  EXPECT_EQ(CodeOf(status), ErrorCode::kIntakeSyntax) << status;
  EXPECT_LE(fed, 2 * limits::kXesTokenBytesMax);
}

TEST(XesReader, TextOfAnyLengthIsReadOver) {
  XesReader reader([](XesTrace) { return absl::OkStatus(); });
  ASSERT_TRUE(reader.Feed("<log>").ok());
  const std::string piece(64 << 10, ' ');
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(reader.Feed(piece).ok());
  ASSERT_TRUE(reader.Feed("</log>").ok());
  EXPECT_TRUE(reader.Finish().ok());
}

TEST(XesReader, HugeKeysInTheHeaderAreReadOver) {
  std::string header;
  for (int i = 0; i < 200; ++i) {
    header += XesAttribute(std::string(8000 + i, 'k'), std::string(100'000, 'v')) + "\n";
  }
  const Result result = Read(XesLogText(header + XesTraceText("1", XesEventText("a", "b"))));
  ASSERT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.traces.size(), 1u);
}

struct Spoilt {
  const char* name;
  std::string attributes;  // of the event
  ErrorCode code;
  const char* field;
};

class XesNotes : public testing::TestWithParam<Spoilt> {};

TEST_P(XesNotes, WhatIsWrongWithOneEventAndReadsTheOthers) {
  const std::string bad = Cat("<event>", GetParam().attributes, "</event>");
  const Result result =
      Read(XesLogText(XesTraceText("1", XesEventText("a", "b") + bad + XesEventText("c", "d"))));
  ASSERT_TRUE(result.status.ok()) << result.status;
  ASSERT_EQ(result.traces[0].events.size(), 3u);
  EXPECT_TRUE(result.traces[0].attributes.problem.ok());
  EXPECT_TRUE(result.traces[0].events[0].attributes.problem.ok());
  EXPECT_TRUE(result.traces[0].events[2].attributes.problem.ok());
  const XesAttributes& noted = result.traces[0].events[1].attributes;
  ASSERT_FALSE(noted.problem.ok());
  EXPECT_EQ(CodeOf(noted.problem), GetParam().code);
  EXPECT_EQ(noted.field, GetParam().field);
}

std::string ManyAttributes() {
  std::string text;
  for (size_t i = 0; i <= limits::kXesAttributesMax; ++i) text += XesAttribute(Cat("k", i), "v");
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    Events, XesNotes,
    testing::Values(
        Spoilt{"NoKey", "<string value='x'/>", ErrorCode::kIntakeSyntax, "key"},
        Spoilt{"EmptyKey", "<string key='' value='x'/>", ErrorCode::kIntakeSyntax, "key"},
        Spoilt{"NoValue", "<string key='a'/>", ErrorCode::kIntakeSyntax, "a"},
        Spoilt{"Twice", XesAttribute("a", "1") + XesAttribute("a", "1"), ErrorCode::kIntakeSyntax,
               "a"},
        Spoilt{"TooLong", XesAttribute("a", std::string(limits::kXesValueBytesMax + 1, 'x')),
               ErrorCode::kValueText, "a"},
        Spoilt{"TooMany", ManyAttributes(), ErrorCode::kIntakeSyntax, "k256"}),
    [](const auto& row) { return row.param.name; });

TEST(XesReader, ATraceWithTooManyEventsIsCountedAndNotKept) {
  std::string events;
  for (size_t i = 0; i <= limits::kXesTraceEventsMax; ++i) events += "<event/>";
  const Result result = Read(XesLogText(XesTraceText("big", events + XesAttribute("x", "y")) +
                                        XesTraceText("small", "<event/>")));
  ASSERT_TRUE(result.status.ok()) << result.status;
  ASSERT_EQ(result.traces.size(), 2u);
  EXPECT_FALSE(result.traces[0].attributes.problem.ok());
  EXPECT_TRUE(result.traces[0].events.empty());
  EXPECT_EQ(result.traces[0].event_count, limits::kXesTraceEventsMax + 1);
  EXPECT_EQ(Value(result.traces[0].attributes, "concept:name"), "big");
  EXPECT_TRUE(result.traces[1].attributes.problem.ok());
  EXPECT_EQ(result.traces[1].first_event, limits::kXesTraceEventsMax + 2);
}

TEST(XesReader, ATraceOfTooManyBytesIsCountedAndNotKept) {
  std::vector<XesTrace> traces;
  XesReader reader([&](XesTrace trace) {
    traces.push_back(std::move(trace));
    return absl::OkStatus();
  });
  const std::string event = Cat("<event>", XesAttribute("a", std::string(60'000, 'x')), "</event>");
  ASSERT_TRUE(reader.Feed("<log><trace>").ok());
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(reader.Feed(event).ok());
  ASSERT_TRUE(reader.Feed("</trace></log>").ok());
  ASSERT_TRUE(reader.Finish().ok());
  ASSERT_EQ(traces.size(), 1u);
  EXPECT_EQ(traces[0].event_count, 2000u);
  EXPECT_TRUE(traces[0].events.empty());
  EXPECT_EQ(traces[0].attributes.field, "trace");
}

TEST(XesReader, AnEventOutsideATraceIsSaidToBe) {
  const Result result =
      Read(XesLogText(XesEventText("a", "b") + XesTraceText("1", XesEventText("c", "d"))));
  ASSERT_TRUE(result.status.ok()) << result.status;
  ASSERT_EQ(result.traces.size(), 2u);
  EXPECT_FALSE(result.traces[0].is_case);
  EXPECT_EQ(Value(result.traces[0].events[0].attributes, "code"), "a");
  EXPECT_TRUE(result.traces[1].is_case);
  EXPECT_EQ(result.traces[1].first_event, 2u);
}

TEST(XesReader, AnErrorOfTheReceiverStopsIt) {
  int calls = 0;
  XesReader reader([&](const XesTrace&) {
    ++calls;
    return Error(ErrorCode::kStoreFull);
  });
  EXPECT_EQ(CodeOf(reader.Feed("<log><trace/><trace/></log>")), ErrorCode::kStoreFull);
  EXPECT_EQ(CodeOf(reader.Feed("more")), ErrorCode::kStoreFull);
  EXPECT_EQ(CodeOf(reader.Finish()), ErrorCode::kStoreFull);
  EXPECT_EQ(calls, 1);
}

TEST(XesReader, OneLineShowsAnEvent) {
  const Result result = Read(XesLogText(XesTraceText("1", XesEventText("a&#10;b", "t"))));
  EXPECT_EQ(OneLine(result.traces[0].events[0].attributes, 100), "code=a?b time=t");
  EXPECT_EQ(OneLine(result.traces[0].events[0].attributes, 6), "code=a");
}

}  // namespace
}  // namespace tj::intake
