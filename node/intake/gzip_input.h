// GzipInput: a file's bytes as they come, inflated when the first two say gzip (RFC 1952), passed
// on as they are otherwise. Several members in a row are one file, as gzip itself reads them.
// Memory is bounded: output is handed on in small pieces. Confined to a thread.

#ifndef TJ_NODE_INTAKE_GZIP_INPUT_H_
#define TJ_NODE_INTAKE_GZIP_INPUT_H_

#include <functional>
#include <memory>

#include <absl/status/status.h>

#include "protocol/vocab/bytes.h"

namespace tj::intake {

class GzipInput {
 public:
  // Takes the next piece of plain bytes, never empty; an error stops Feed and is returned by it.
  using Sink = std::function<absl::Status(ByteView)>;

  explicit GzipInput(Sink sink);
  ~GzipInput();
  GzipInput(const GzipInput&) = delete;
  GzipInput& operator=(const GzipInput&) = delete;

  // INTAKE-FILE when the gzip data is damaged, or something else follows it.
  absl::Status Feed(ByteView data);
  // INTAKE-FILE when the gzip data ends early.
  absl::Status Finish();

 private:
  struct Inflater;
  enum class Kind { kUnknown, kPlain, kGzip };

  absl::Status Inflate(ByteView data);

  const Sink sink_;
  Kind kind_ = Kind::kUnknown;
  Bytes first_;  // while kUnknown: at most one byte
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace tj::intake

#endif  // TJ_NODE_INTAKE_GZIP_INPUT_H_
