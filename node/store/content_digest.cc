#include "node/store/content_digest.h"

#include <algorithm>

#include "crypto/sm3.h"
#include "protocol/wire/bytes_io.h"
#include "protocol/wire/record.h"

namespace tj::store {
namespace {

ContentDigest FirstBytes(const Hash& hash) {
  ContentDigest digest;
  std::copy_n(hash.data.begin(), digest.size(), digest.begin());
  return digest;
}

}  // namespace

ContentDigest SubmittedDigest(const PrivateKeys& keys, ByteView payload, ByteView person,
                              ByteView text) {
  return FirstBytes(
      keys.Peppered("tongjian/content/v1", {wire::WithoutPrevious(payload), person, text}));
}

ContentDigest EmittedDigest(std::string_view source, std::string_view case_no,
                            std::string_view event_id, ByteView payload) {
  Bytes text;
  wire::Writer writer(text);
  for (const ByteView piece : {source, case_no, event_id, payload}) {
    writer.U64(piece.size());
    writer.Raw(piece);
  }
  return FirstBytes(crypto::Sm3Of({text}));
}

}  // namespace tj::store
