// Recording: the frames of one session as bytes on the wire, both ways, in a text file: a line a
// frame, `<time> > <hex> <description>` from the county to the bureau, `<` the other way. Written
// once by a version, read by all later ones (tests/golden/README.md). Value types.

#ifndef TJ_TESTS_GOLDEN_RECORDING_H_
#define TJ_TESTS_GOLDEN_RECORDING_H_

#include <string>
#include <vector>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"

namespace tj::golden {

inline const NodeCode kBureau = *NodeCode::Parse("370800");
inline const NodeCode kCounty = *NodeCode::Parse("370826");

struct RecordedFrame {
  Instant at;
  bool up = false;  // from the county to the bureau
  Bytes bytes;
  std::string description;
};

struct Recording {
  std::vector<RecordedFrame> frames;
  std::string root_pem;    // of records
  std::string bureau_pem;  // the signing certificates that the session used
  std::string county_pem;
  Bytes proof;  // a proof file about the county
};

// False when a file cannot be written, or read and understood; `folder` exists.
bool Write(const Recording& recording, const std::string& folder);
bool Read(const std::string& folder, Recording& recording);

}  // namespace tj::golden

#endif  // TJ_TESTS_GOLDEN_RECORDING_H_
