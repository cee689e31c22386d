// XesReader: traces out of a XES log (IEEE 1849) as it streams by, one in memory at a time. No DTD,
// no entities beyond XML's five; any namespace, as long as it is the root's. The header is read
// over whatever its size; attributes within attributes are left out. Confined to a thread.
//
// What breaks the file as a whole (bad XML, a DTD) ends it with INTAKE-SYNTAX and the line. What
// spoils one event or one trace is noted in it, so that it can be refused as a row and the rest
// read.

#ifndef TJ_NODE_INTAKE_XES_READER_H_
#define TJ_NODE_INTAKE_XES_READER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "protocol/vocab/bytes.h"

namespace tj::intake {

// The attributes of a trace or an event, in the order of the file. Kinds (string, date, int …) are
// not told apart: whoever reads a value checks it.
struct XesAttributes {
  struct Entry {
    std::string key;
    std::string value;
  };
  std::vector<Entry> entries;
  // The first thing that was wrong (no key, no value, twice, too long, too many); `field` is the
  // key.
  absl::Status problem;
  std::string field;

  // nullptr if absent.
  const std::string* Find(std::string_view key) const;
};

struct XesEvent {
  XesAttributes attributes;
};

struct XesTrace {
  XesAttributes attributes;
  std::vector<XesEvent> events;
  uint64_t first_event = 1;  // number of events[0] in the log, from 1
  uint64_t event_count = 0;  // more than events.size() only when attributes.problem says why
  bool is_case = true;       // false: an event that stands outside any trace
};

class XesReader {
 public:
  // An error stops Feed or Finish and is returned by it.
  using OnTrace = std::function<absl::Status(XesTrace)>;

  explicit XesReader(OnTrace on_trace);
  ~XesReader();
  XesReader(const XesReader&) = delete;
  XesReader& operator=(const XesReader&) = delete;

  // INTAKE-SYNTAX, "line 12: …".
  absl::Status Feed(ByteView data);
  // INTAKE-SYNTAX when the log is not complete.
  absl::Status Finish();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

// One line for people: key=value of each attribute, control characters as '?', at most `bytes_max`.
std::string OneLine(const XesAttributes& attributes, size_t bytes_max);

}  // namespace tj::intake

#endif  // TJ_NODE_INTAKE_XES_READER_H_
