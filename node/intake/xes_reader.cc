#include "node/intake/xes_reader.h"

#include <expat.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"

namespace tj::intake {
namespace {

constexpr char kNamespaceSeparator = '\n';  // cannot stand in a URI or a name
constexpr size_t kPieceBytes = 64 * 1024;

// "log" and the namespace it is in, empty for none.
struct Name {
  std::string_view space;
  std::string_view local;
};

Name NameOf(const XML_Char* text) {
  const std::string_view whole(text);
  const size_t at = whole.rfind(kNamespaceSeparator);
  if (at == std::string_view::npos) return {{}, whole};
  return {whole.substr(0, at), whole.substr(at + 1)};
}

bool IsAttribute(std::string_view local) {
  return local == "string" || local == "date" || local == "int" || local == "float" ||
         local == "boolean" || local == "id";
}

const XML_Char* ValueOf(const XML_Char** attributes, std::string_view name) {
  for (; *attributes != nullptr; attributes += 2) {
    if (attributes[0] == name) return attributes[1];
  }
  return nullptr;
}

void Note(XesAttributes& attributes, ErrorCode code, std::string_view field,
          std::string_view what) {
  if (!attributes.problem.ok()) return;
  attributes.field = PrintableExcerpt(field);
  attributes.problem = Error(code, Cat(attributes.field, ": ", what));
}

// Adds the attribute of an element; returns the bytes it takes.
size_t Add(const XML_Char** xml, XesAttributes& attributes) {
  const XML_Char* const key = ValueOf(xml, "key");
  const XML_Char* const value = ValueOf(xml, "value");
  const std::string_view name = key != nullptr ? std::string_view(key) : std::string_view();
  if (name.empty()) {
    Note(attributes, ErrorCode::kIntakeSyntax, "key", "an attribute without a key");
    return 0;
  }
  if (value == nullptr) {
    Note(attributes, ErrorCode::kIntakeSyntax, name, "has no value");
    return 0;
  }
  const std::string_view text(value);
  if (name.size() > limits::kXesValueBytesMax || text.size() > limits::kXesValueBytesMax) {
    Note(attributes, ErrorCode::kValueText, name,
         Cat("longer than ", limits::kXesValueBytesMax, " bytes"));
    return 0;
  }
  if (attributes.entries.size() == limits::kXesAttributesMax) {
    Note(attributes, ErrorCode::kIntakeSyntax, name,
         Cat("more than ", limits::kXesAttributesMax, " attributes"));
    return 0;
  }
  if (attributes.Find(name) != nullptr) {
    Note(attributes, ErrorCode::kIntakeSyntax, name, "is given twice");
    return 0;
  }
  attributes.entries.push_back({std::string(name), std::string(text)});
  return name.size() + text.size() + sizeof(XesAttributes::Entry);
}

}  // namespace

// Where the parser stands is the depth alone: 1 log, 2 trace (or an event outside one), 3 attribute
// of a trace or event in it, 4 attribute of an event. `skipped` is the depth of an element whose
// content is read over.
struct XesReader::Parser {
  explicit Parser(OnTrace handler)
      : on_trace(std::move(handler)), xml(XML_ParserCreateNS(nullptr, kNamespaceSeparator)) {
    TJ_CHECK(xml != nullptr);  // only for want of memory
    XML_SetUserData(xml, this);
    XML_SetElementHandler(
        xml,
        [](void* self, const XML_Char* name, const XML_Char** attributes) {
          static_cast<Parser*>(self)->Start(NameOf(name), attributes);
        },
        [](void* self, const XML_Char*) { static_cast<Parser*>(self)->End(); });
    // Text, comments, instructions: nothing in them, but they show that the parser moves on.
    XML_SetDefaultHandler(
        xml, [](void* self, const XML_Char*, int) { static_cast<Parser*>(self)->waiting = 0; });
    XML_SetStartDoctypeDeclHandler(
        xml, [](void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
          static_cast<Parser*>(self)->Stop("a DTD is not accepted");
        });
    XML_SetEntityDeclHandler(
        xml, [](void* self, const XML_Char*, int, const XML_Char*, int, const XML_Char*,
                const XML_Char*, const XML_Char*, const XML_Char*) {
          static_cast<Parser*>(self)->Stop("entities are not accepted");
        });
  }
  ~Parser() { XML_ParserFree(xml); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  absl::Status Parse(ByteView piece, bool last);
  void Start(const Name& name, const XML_Char** attributes);
  void StartEvent();
  void End();
  void EndTrace();
  void Stop(std::string_view what);
  std::string Line() const { return Cat("line ", XML_GetCurrentLineNumber(xml)); }

  const OnTrace on_trace;
  const XML_Parser xml;
  absl::Status status;
  std::string space;    // the root's namespace
  size_t depth = 0;     // of open elements
  size_t skipped = 0;   // 0: none
  size_t waiting = 0;   // bytes since the parser last told of anything
  uint64_t events = 0;  // met so far
  std::optional<XesTrace> trace;
  size_t trace_bytes = 0;
};

absl::Status XesReader::Parser::Parse(ByteView piece, bool last) {
  if (!status.ok()) return status;
  waiting += piece.size();
  const XML_Status result =
      XML_Parse(xml, piece.data(), static_cast<int>(piece.size()), last ? XML_TRUE : XML_FALSE);
  if (!status.ok()) return status;
  if (result != XML_STATUS_OK) {
    status =
        Error(ErrorCode::kIntakeSyntax, Cat(Line(), ": ", XML_ErrorString(XML_GetErrorCode(xml))));
  } else if (waiting > limits::kXesTokenBytesMax) {
    status = Error(ErrorCode::kIntakeSyntax, Cat(Line(), ": a tag or comment longer than ",
                                                 limits::kXesTokenBytesMax, " bytes"));
  }
  return status;
}

void XesReader::Parser::Stop(std::string_view what) {
  if (!status.ok()) return;
  status = Error(ErrorCode::kIntakeSyntax, Cat(Line(), ": ", what));
  XML_StopParser(xml, XML_FALSE);
}

void XesReader::Parser::Start(const Name& name, const XML_Char** attributes) {
  waiting = 0;
  if (!status.ok()) return;
  if (++depth > limits::kXesDepthMax) {
    return Stop(Cat("elements nested deeper than ", limits::kXesDepthMax));
  }
  if (skipped != 0) return;
  if (depth == 1) {
    space = name.space;
    if (name.local != "log") Stop(Cat("<", PrintableExcerpt(name.local), "> where <log> is due"));
    return;
  }
  const bool ours = name.space == space;
  if (depth == 2 && ours && name.local == "trace") {
    trace.emplace();
    trace->first_event = events + 1;
    trace_bytes = 0;
    return;
  }
  if (ours && name.local == "event" && (depth == 2 || (depth == 3 && trace->is_case))) {
    return StartEvent();
  }
  if (ours && depth > 2 && IsAttribute(name.local)) {
    const bool of_event = depth == 4 || !trace->is_case;
    // Events of a trace that is too large are counted and no longer kept.
    if (!of_event) {
      trace_bytes += Add(attributes, trace->attributes);
    } else if (!trace->events.empty()) {
      trace_bytes += Add(attributes, trace->events.back().attributes);
    }
  }
  skipped = depth;
}

void XesReader::Parser::StartEvent() {
  ++events;
  if (depth == 2) {
    trace.emplace();
    trace->is_case = false;
    trace->first_event = events;
    trace_bytes = 0;
  }
  ++trace->event_count;
  trace_bytes += sizeof(XesEvent);
  if (trace->event_count > limits::kXesTraceEventsMax || trace_bytes > limits::kXesTraceBytesMax) {
    Note(trace->attributes, ErrorCode::kIntakeSyntax, "trace",
         Cat("more than ", limits::kXesTraceEventsMax, " events or ", limits::kXesTraceBytesMax,
             " bytes"));
    trace->events.clear();
    trace->events.shrink_to_fit();
    trace_bytes = limits::kXesTraceBytesMax;
    return;
  }
  trace->events.emplace_back();
}

void XesReader::Parser::End() {
  waiting = 0;
  if (!status.ok()) return;
  const size_t closed = depth--;
  if (skipped == closed) {
    skipped = 0;
  } else if (skipped == 0 && closed == 2) {
    EndTrace();
  }
}

void XesReader::Parser::EndTrace() {
  status = on_trace(*std::exchange(trace, std::nullopt));
  if (!status.ok()) XML_StopParser(xml, XML_FALSE);
}

XesReader::XesReader(OnTrace on_trace) : parser_(std::make_unique<Parser>(std::move(on_trace))) {}
XesReader::~XesReader() = default;

absl::Status XesReader::Feed(ByteView data) {
  absl::Status status;
  while (status.ok() && !data.empty()) {
    const size_t size = std::min(data.size(), kPieceBytes);
    status = parser_->Parse(data.substr(0, size), /*last=*/false);
    data.remove_prefix(size);
  }
  return status;
}

absl::Status XesReader::Finish() { return parser_->Parse({}, /*last=*/true); }

const std::string* XesAttributes::Find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::string OneLine(const XesAttributes& attributes, size_t bytes_max) {
  std::string line;
  for (const XesAttributes::Entry& entry : attributes.entries) {
    if (line.size() > bytes_max) break;
    line += Cat(line.empty() ? "" : " ", entry.key, "=", entry.value);
  }
  return PrintableExcerpt(line, bytes_max);
}

}  // namespace tj::intake
