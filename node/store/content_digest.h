// Content digests: what a dedup entry keeps of its input, so that the same input again is told from
// another one under the same name. Of what a source handed in it is made under the node's pepper,
// because names and numbers could be guessed from a bare hash; of what an emitter made, without,
// and over the name too, which its payload need not tell. Pure; any thread.

#ifndef TJ_NODE_STORE_CONTENT_DIGEST_H_
#define TJ_NODE_STORE_CONTENT_DIGEST_H_

#include <array>
#include <cstdint>

#include "node/store/private_parts.h"
#include "protocol/vocab/bytes.h"

namespace tj::store {

using ContentDigest = std::array<uint8_t, 16>;

// First 16 bytes of Peppered("tongjian/content/v1", payload without its `previous` field, person,
// text). Parts that are not there are empty. `payload` may have the field, with any value, or not.
ContentDigest SubmittedDigest(const PrivateKeys& keys, ByteView payload, ByteView person,
                              ByteView text);

// First 16 bytes of SM3 over source, case number, event id and payload, each after its 8-byte
// length.
ContentDigest EmittedDigest(std::string_view source, std::string_view case_no,
                            std::string_view event_id, ByteView payload);

}  // namespace tj::store

#endif  // TJ_NODE_STORE_CONTENT_DIGEST_H_
