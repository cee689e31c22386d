#include "crypto/address_tag.h"

#include <algorithm>
#include <set>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "crypto/openssl_internal.h"
#include "crypto/sm3.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"

namespace tj::crypto {
namespace {

using OwnedGroup = Owned<EC_GROUP, EC_GROUP_free>;
using OwnedPoint = Owned<EC_POINT, EC_POINT_clear_free>;

constexpr size_t kCoordinateBytes = 32;
constexpr ByteView kTagLabel = "TJ-TAG-v1";
// The counter of the KDF's first and only block.
constexpr ByteView kFirstBlock("\x00\x00\x00\x01", 4);

absl::Status Unavailable() { return Error(ErrorCode::kCryptoUnavailable, TakeOpensslError()); }

// [scalar] point: its x-coordinate. OpenSSL 3.0 derives nothing with keys of type SM2, so the curve
// is used directly; with one point and no multiple of the generator it takes the constant-time
// ladder. The curve's order is prime: the result is never infinity.
absl::StatusOr<Bytes> SharedX(const BIGNUM* scalar, ByteView point_bytes) {
  const OwnedGroup group(EC_GROUP_new_by_curve_name(NID_sm2));
  if (group == nullptr) return Unavailable();
  const OwnedPoint point(EC_POINT_new(group.get()));
  const OwnedPoint shared(EC_POINT_new(group.get()));
  const OwnedNumber x(BN_secure_new());
  Bytes bytes(kCoordinateBytes, '\0');
  if (point == nullptr || shared == nullptr || x == nullptr ||
      EC_POINT_oct2point(group.get(), point.get(), Data(point_bytes), point_bytes.size(),
                         nullptr) != 1 ||
      EC_POINT_mul(group.get(), shared.get(), nullptr, point.get(), scalar, nullptr) != 1 ||
      EC_POINT_get_affine_coordinates(group.get(), shared.get(), x.get(), nullptr, nullptr) != 1 ||
      BN_bn2binpad(x.get(), Data(bytes), kCoordinateBytes) != static_cast<int>(kCoordinateBytes)) {
    return Unavailable();
  }
  return bytes;
}

}  // namespace

absl::StatusOr<AddressKey> AddressKey::Derive(const Sm2PrivateKey& own, const Sm2PublicKey& other) {
  ERR_clear_error();
  BIGNUM* value = nullptr;
  if (EVP_PKEY_get_bn_param(own.handle().key.get(), OSSL_PKEY_PARAM_PRIV_KEY, &value) != 1) {
    return Unavailable();
  }
  const OwnedNumber scalar(value);
  BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
  TJ_ASSIGN_OR_RETURN(Bytes shared, SharedX(scalar.get(), other.Point()));
  AddressKey key(Bytes(Sm3Of({shared, kFirstBlock}).view()));
  OPENSSL_cleanse(shared.data(), shared.size());
  return key;
}

AddressKey::~AddressKey() { OPENSSL_cleanse(key_.data(), key_.size()); }

AddressTag AddressKey::TagIn(const LedgerId& ledger) const {
  const Hash mac = HmacSm3(key_, {kTagLabel, ledger.Text()});
  AddressTag tag;
  std::copy_n(mac.data.begin(), tag.size(), tag.begin());
  return tag;
}

absl::StatusOr<AddressBook> AddressBook::Make(const TrustStore& trust, const NodeCode& self,
                                              const Sm2PrivateKey& key) {
  // Who follows our ledger, and whose ledgers we follow.
  std::set<NodeCode> others;
  for (const NodeCode& reader : trust.FartherFollowers(self)) others.insert(reader);
  for (const NodeCode& child : trust.ChildrenOf(self)) others.insert(child);
  if (const TrustedNode* const own = trust.Find(self)) {
    if (own->parent) others.insert(*own->parent);
    others.insert(own->follows.begin(), own->follows.end());
  }
  std::multimap<NodeCode, AddressKey> shared;
  for (const NodeCode& other : others) {
    for (const Certificate& certificate : trust.Find(other)->encryption) {
      TJ_ASSIGN_OR_RETURN(const Sm2PublicKey point, certificate.Sm2Key());
      TJ_ASSIGN_OR_RETURN(AddressKey with_other, AddressKey::Derive(key, point));
      shared.emplace(other, std::move(with_other));
    }
  }
  return AddressBook(self, std::move(shared));
}

std::vector<AddressTag> AddressBook::Tags(const NodeCode& reader, const LedgerId& ledger) const {
  std::vector<AddressTag> tags;
  if (reader == ledger.origin || (reader != self_ && ledger.origin != self_)) return tags;
  const auto [first, last] = shared_.equal_range(reader == self_ ? ledger.origin : reader);
  for (auto at = first; at != last; ++at) tags.push_back(at->second.TagIn(ledger));
  return tags;
}

}  // namespace tj::crypto
