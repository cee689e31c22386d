#include "node/supervise/spot_seed.h"

#include <utility>

#include "crypto/sm3.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/wire/bytes_io.h"
#include "protocol/wire/spot_payload.h"

namespace tj::supervise {
namespace {

absl::Status Bad(std::string_view what) { return Error(ErrorCode::kRulesSpot, what); }

}  // namespace

Hash NonceHash(ByteView nonce) { return crypto::Sm3Of({"TJ-SPOT-NONCE-v1", nonce}); }

Hash SpotSeed(const v1::Spot& spot, const Hash& root, ByteView nonce) {
  return crypto::Sm3Of({"TJ-SPOT-v1", spot.period(), spot.county(), root.view(), nonce});
}

absl::StatusOr<std::vector<rules::LeafSpan>> RangesDrawn(const v1::SpotReveal& reveal) {
  const auto root = Hash::FromBytes(reveal.root());
  if (!root) return Bad("no root");
  const Hash seed = SpotSeed(reveal.spot(), *root, reveal.nonce());
  return rules::DrawRanges({reveal.first(), reveal.size()}, reveal.drawn(), reveal.length(),
                           [&seed](uint64_t k) {
                             Bytes counter;
                             wire::Writer(counter).U64(k);
                             return crypto::Sm3Of({seed.view(), counter});
                           });
}

absl::Status CheckDraw(const v1::SpotCommit& commit, const v1::SpotReveal& reveal) {
  if (wire::SpotId(commit.spot()) != wire::SpotId(reveal.spot()) ||
      commit.spot().epoch() != reveal.spot().epoch()) {
    return Bad("the draw is of another check than the announcement");
  }
  if (NonceHash(reveal.nonce()).view() != commit.nonce_hash()) {
    return Bad("the nonce is not the one that was announced");
  }
  const uint32_t drawn =
      commit.ranges() > 0 ? commit.ranges() : rules::RangesFor(reveal.closings());
  if (reveal.length() != commit.length() || reveal.drawn() != drawn) {
    return Bad("length or number of ranges are not as announced");
  }
  if (reveal.seen_at_ms() > commit.close_ms()) return Bad("the head was seen after the close");
  TJ_ASSIGN_OR_RETURN(const auto drawn_ranges, RangesDrawn(reveal));
  const auto named = wire::DrawnRanges(reveal);
  bool same = named.size() == drawn_ranges.size();
  for (size_t i = 0; same && i < named.size(); ++i) {
    same = named[i].first == drawn_ranges[i].first && named[i].end == drawn_ranges[i].end;
  }
  return same ? absl::OkStatus() : Bad("the ranges do not follow from the seed");
}

}  // namespace tj::supervise
