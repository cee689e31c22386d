// LineSplitter: lines out of pieces of text. Drops a UTF-8 BOM at the start and a CR before a LF;
// counts lines from 1. A line beyond limits::kInputLineBytesMax is handed on cut and marked, and
// takes no more memory than that. Confined to a thread.

#ifndef TJ_NODE_INTAKE_LINE_SPLITTER_H_
#define TJ_NODE_INTAKE_LINE_SPLITTER_H_

#include <cstdint>
#include <functional>

#include <absl/status/status.h>

#include "protocol/vocab/bytes.h"

namespace tj::intake {

struct Line {
  uint64_t number = 0;
  ByteView text;          // without its end; borrowed for the call
  bool too_long = false;  // `text` is its beginning
};

class LineSplitter {
 public:
  // An error stops Feed or Finish and is returned by it.
  using Sink = std::function<absl::Status(const Line&)>;

  explicit LineSplitter(Sink sink) : sink_(std::move(sink)) {}

  absl::Status Feed(ByteView data);
  // Hands on the last line when it has no end.
  absl::Status Finish();

 private:
  absl::Status Emit(ByteView text);

  const Sink sink_;
  uint64_t lines_ = 0;
  Bytes begun_;  // the beginning of a line whose end has not come
  bool too_long_ = false;
};

}  // namespace tj::intake

#endif  // TJ_NODE_INTAKE_LINE_SPLITTER_H_
