// Fuzz target for record headers and bodies: what is accepted is written back to the same bytes.

#include <cstddef>
#include <cstdint>

#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/wire/record.h"

namespace tj::wire {
namespace {

void CheckHeaderBytes(ByteView bytes) {
  const auto header = DecodeHeader(bytes);
  if (!header.ok()) {
    TJ_CHECK(CodeOf(header.status()) == ErrorCode::kWireRecord);
    return;
  }
  TJ_CHECK(CheckHeader(*header).ok());
  Bytes again;
  EncodeHeader(*header, again);
  TJ_CHECK(again == bytes);
}

void CheckBodyBytes(ByteView bytes) {
  const auto body = DecodeBody(bytes);
  if (!body.ok()) return;
  const auto again = EncodeBody(body->salt, body->payload, body->person, body->text);
  TJ_CHECK(again.ok() && *again == bytes);
  Bytes patched(bytes);
  if (!PatchPrevious(patched, 7).ok()) {
    TJ_CHECK(patched == bytes);
    return;
  }
  TJ_CHECK(patched.size() == bytes.size());
  TJ_CHECK(DecodeBody(patched)->payload.substr(0, body->payload.size() - 8) ==
           body->payload.substr(0, body->payload.size() - 8));
}

}  // namespace
}  // namespace tj::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const tj::ByteView bytes(reinterpret_cast<const char*>(data), size);
  tj::wire::CheckHeaderBytes(bytes);
  tj::wire::CheckBodyBytes(bytes);
  if (size > tj::wire::kHeaderBytes) {
    tj::wire::CheckHeaderBytes(bytes.substr(0, tj::wire::kHeaderBytes));
  }
  return 0;
}
