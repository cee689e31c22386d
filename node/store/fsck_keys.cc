// Fsck: which ledgers there are, and keys that belong to none.

#include <algorithm>
#include <set>

#include "node/store/checked_value.h"
#include "node/store/fsck_run.h"
#include "node/store/private_parts.h"
#include "node/store/values.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::store::fsck {
namespace {

std::optional<Relation> RelationTo(const FsckOptions& options, const LedgerId& ledger) {
  if (!options.own) return std::nullopt;
  if (ledger.origin == options.own->origin) return Relation::kSelf;
  if (options.trust == nullptr) return std::nullopt;
  return options.trust->RelationOf(options.own->origin, ledger.origin);
}

// The least key that does not begin with `prefix`; nothing is above it if `prefix` is all ff.
std::optional<Bytes> After(Bytes prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(static_cast<uint8_t>(prefix.back()) + 1);
  return prefix;
}

// Steps over the whole database, past the ranges that are checked elsewhere.
class KeyWalk {
 public:
  KeyWalk(Run& run, const std::vector<KnownLedger>& ledgers) : run_(run) {
    for (const KnownLedger& ledger : ledgers) numbers_.insert(ledger.number);
  }

  void Walk() {
    const auto it = run_.reader().NewIterator();
    it->Seek({});
    while (it->Valid()) {
      const auto range = RangeOf(it->key());
      if (!range) {
        ++run_.report().keys;
        OnSingle(it->key(), it->value());
        it->Next();
        continue;
      }
      const auto after = After(*range);
      TJ_CHECK(after.has_value());  // no range begins with ff
      it->Seek(*after);
    }
    if (!it->status().ok()) {
      run_.Find("the list of keys", it->status());
    } else if (!schema_) {
      run_.Damage("schema", "is not there");
    }
  }

 private:
  // The prefix of the rows around `key` that have a check of their own.
  std::optional<Bytes> RangeOf(ByteView key) {
    const char kind = key.empty() ? keys::kSchema : key[0];
    if (kind == keys::kLedger || kind == keys::kDedup) return Bytes(1, kind);
    const auto number = keys::LedgerOf(key);
    if (!number) return std::nullopt;
    const Bytes range(key.substr(0, keys::State(*number).size()));
    if (!numbers_.contains(*number) && strange_.insert(range).second) {
      run_.Damage(Cat("keys ", PrintableKey(range)),
                  Cat("ledger number ", number->value, " is not assigned"));
    }
    return range;
  }

  void OnSingle(ByteView key, ByteView value) {
    if (key == keys::Schema()) {
      schema_ = true;
      if (auto status = values::CheckSchema(value); !status.ok()) run_.Find("schema", status);
    } else if (key == keys::Commits()) {
      if (auto commits = values::ParseCommits(value); !commits.ok()) {
        run_.Find("count of commits", commits.status());
      }
    } else if (const auto name = keys::ParseEmitter(key)) {
      if (auto cursor = DecodeChecked(key, value); !cursor.ok()) {
        run_.Find(Cat("cursor of emitter ", PrintableKey(*name)), cursor.status());
      }
    } else {
      run_.Damage(Cat("key ", PrintableKey(key)), "is of no known kind");
    }
  }

  Run& run_;
  bool schema_ = false;
  std::set<keys::LedgerNumber> numbers_;
  std::set<Bytes> strange_;  // ranges that were found already
};

}  // namespace

std::vector<KnownLedger> ReadLedgers(Run& run) {
  std::vector<KnownLedger> ledgers;
  run.Scan(keys::LedgerPrefix(), "the list of ledgers", [&](ByteView key, ByteView value) {
    const auto id = keys::ParseLedger(key);
    if (!id) return run.Damage(Cat("key ", PrintableKey(key)), "is not a ledger's");
    const auto number = values::ParseLedgerNumber(key, value);
    if (!number.ok()) return run.Find(Cat("ledger ", id->Text()), number.status());
    const bool again = std::any_of(ledgers.begin(), ledgers.end(),
                                   [&](const auto& one) { return one.number == *number; });
    if (again) {
      return run.Damage(Cat("ledger ", id->Text()), Cat("has another's number, ", number->value));
    }
    const bool own = run.options().own == *id;
    ledgers.push_back({*id, *number, own, RelationTo(run.options(), *id)});
  });
  return ledgers;
}

void CheckOtherKeys(Run& run, const std::vector<KnownLedger>& ledgers) {
  KeyWalk(run, ledgers).Walk();
}

}  // namespace tj::store::fsck
