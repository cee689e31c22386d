#include "tests/sim/keys.h"

#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "crypto/certificate.h"
#include "crypto/issue.h"
#include "crypto/sm2.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/text.h"
#include "tests/sim/node_clock.h"
#include "tests/sim/sm2_bench.h"

namespace tj::sim {
namespace {

constexpr uint64_t kKeySeed = 20261123;
const crypto::Validity kValidity{Instant::BeijingMidnight(CivilDate::Of(2026, 1, 1)),
                                 Instant::BeijingMidnight(CivilDate::Of(2036, 1, 1))};

template <typename T>
T Must(absl::StatusOr<T> value) {
  TJ_CHECK(value.ok());
  return *std::move(value);
}

}  // namespace

struct Keys::Impl {
  struct Key {
    crypto::Certificate certificate;
    std::unique_ptr<crypto::Signer> signer;
  };
  std::string root_pem;
  std::unique_ptr<store::PrivateKeys> private_keys;
  std::map<std::pair<NodeCode, int>, Key> keys;
  std::map<std::pair<uint64_t, int>, std::shared_ptr<const crypto::TrustStore>> trust;
  std::map<NodeCode, crypto::Sm2PrivateKey> encryption;
  std::map<std::pair<NodeCode, NodeCode>, crypto::AddressKey> shared;
  std::map<std::pair<uint64_t, NodeCode>, std::shared_ptr<const crypto::AddressBook>> addresses;
};

const std::vector<NodeCode>& Keys::Codes() {
  static const auto& codes = *[] {
    auto* made = new std::vector<NodeCode>;
    const auto add = [made](const std::string& text) {
      made->push_back(Must(NodeCode::Parse(text)));
    };
    add("370000");
    for (const char* city : {"370800", "370100"}) add(city);
    for (int county = 1; county <= 8; ++county) add(Cat("3708", 20 + county));
    for (int town = 101; town <= 119; ++town) add(Cat("370826", town));
    return made;
  }();
  return codes;
}

Keys& Keys::Instance() {
  static auto& keys = *new Keys;
  return keys;
}

void Keys::Seed(uint64_t seed) { SeedOpenssl(seed); }

Keys::Keys() : impl_(std::make_unique<Impl>()) {
  Seed(kKeySeed);
  // Its pepper is drawn now; the folder is needed no more.
  const std::string folder =
      (std::filesystem::temp_directory_path() / Cat("tj-sim-keys-", ::getpid())).string();
  impl_->private_keys = Must(store::PrivateKeys::Open(folder));
  std::filesystem::remove_all(folder);
  const crypto::Issued root =
      Must(crypto::MakeRoot(crypto::KeyKind::kSm2, "simulated root", kValidity, ""));
  impl_->root_pem = root.certificate_pem;
  for (const NodeCode& code : Codes()) {
    for (int generation = 0; generation < kKeysPerNode; ++generation) {
      const crypto::Issued issued =
          Must(crypto::IssueForNode(root.certificate_pem, root.key_pem, "", code,
                                    crypto::Purpose::kRecordSigning, kValidity, ""));
      impl_->keys.emplace(std::pair(code, generation),
                          Impl::Key{Must(crypto::Certificate::FromPem(issued.certificate_pem)),
                                    MakeBenchSigner(issued.key_pem)});
    }
  }
  for (const NodeCode& code : Codes()) {
    impl_->encryption.emplace(code, Must(crypto::Sm2PrivateKey::Generate()));
  }
}

Keys::~Keys() = default;

const store::PrivateKeys& Keys::private_keys() const { return *impl_->private_keys; }

crypto::Signer& Keys::SignerOf(const NodeCode& code, int generation) {
  return *impl_->keys.at({code, generation}).signer;
}

std::shared_ptr<const crypto::AddressBook> Keys::Addresses(uint64_t name,
                                                           const std::vector<Place>& places,
                                                           const NodeCode& self) {
  auto& kept = impl_->addresses[{name, self}];
  if (kept != nullptr) return kept;
  std::multimap<NodeCode, crypto::AddressKey> shared;
  const auto add = [&](const NodeCode& other) {
    const std::pair pair(self, other);
    auto found = impl_->shared.find(pair);
    if (found == impl_->shared.end()) {
      const auto& own = impl_->encryption.at(self);
      auto key = Must(crypto::AddressKey::Derive(own, impl_->encryption.at(other).Public()));
      found = impl_->shared.emplace(pair, std::move(key)).first;
    }
    shared.emplace(other, found->second);
  };
  for (const Place& place : places) {
    if (!place.parent) continue;
    const NodeCode& parent = places[*place.parent].code;
    if (place.code == self) add(parent);
    if (parent == self) add(place.code);
  }
  kept = std::make_shared<const crypto::AddressBook>(self, std::move(shared));
  return kept;
}

std::shared_ptr<const crypto::TrustStore> Keys::Trust(uint64_t name,
                                                      const std::vector<Place>& places, int keys) {
  auto& kept = impl_->trust[{name, keys}];
  if (kept != nullptr) return kept;
  std::vector<crypto::TrustedNode> nodes;
  for (const Place& place : places) {
    crypto::TrustedNode node{.code = place.code, .name = "simulated"};
    if (place.parent) node.parent = places[*place.parent].code;
    if (keys == 1) node.records_per_day = place.records_per_day;
    for (const size_t origin : place.follows) node.follows.push_back(places[origin].code);
    node.regions.push_back(Must(RegionCode::Parse(place.code.region())));
    for (int i = 0; i < keys; ++i) {
      node.signing.push_back(impl_->keys.at({place.code, i}).certificate);
    }
    nodes.push_back(std::move(node));
  }
  std::vector<crypto::Certificate> roots{Must(crypto::Certificate::FromPem(impl_->root_pem))};
  kept = std::make_shared<const crypto::TrustStore>(
      Must(crypto::TrustStore::Make(std::move(nodes), std::move(roots), {}, kBegin)));
  return kept;
}

const SignatureCounts& Signatures() { return BenchCounts(); }

}  // namespace tj::sim
