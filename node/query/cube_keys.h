// Keys of the cube in derived/ (all under derived_prefix::kCube, kCubeRow and kPartition). Numbers
// are big-endian and biased, so that they sort; texts end with 00.
//
//   'u' rollup 1 …                → measures (v1::Measures)
//     'C' grain 1 period 4 county 00
//     'O' grain 1 period 4 county 00 org 00
//     'I' grain 1 item 00 period 4 county 00
//     'B' day 4 county 00 org 00 item 00                 days only: what the others cannot answer
//   'q' ledger 00 day 4 org 00 item 00 → revision 4, measures
//   'n' ledger                    → partition state (partition.h)

#ifndef TJ_NODE_QUERY_CUBE_KEYS_H_
#define TJ_NODE_QUERY_CUBE_KEYS_H_

#include <optional>
#include <string>
#include <string_view>

#include "node/query/period.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"

namespace tj::query {

enum class Rollup : char { kCounty = 'C', kOrg = 'O', kItem = 'I', kBase = 'B' };

// A cell's coordinates; a roll-up leaves some empty.
struct Cell {
  Period period;
  std::string county;
  std::string org;
  std::string item;
};

// Key of the cell in `rollup`. Prefixes are made by leaving trailing coordinates out (county_known
// and so on below).
Bytes CellKey(Rollup rollup, const Cell& cell);
// nullopt for a key that is not of this roll-up.
std::optional<Cell> ParseCell(ByteView key);

// All cells of a period (kCounty, kOrg, kBase), of a county in it when `county` is not empty.
Bytes PeriodPrefix(Rollup rollup, const Period& period, std::string_view county);
// All cells of an item at a grain (kItem).
Bytes ItemPrefix(Grain grain, std::string_view item);
Bytes ItemPeriodKey(const Period& period, std::string_view item);

Bytes RowKey(const LedgerId& ledger, CivilDate day, std::string_view org, std::string_view item);
Bytes PartitionKey(const LedgerId& ledger);
Bytes PartitionBlockKey(const LedgerId& ledger, uint64_t number);

}  // namespace tj::query

#endif  // TJ_NODE_QUERY_CUBE_KEYS_H_
