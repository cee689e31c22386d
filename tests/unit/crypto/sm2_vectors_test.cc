// SM2 against data that nobody here wrote: signatures, ciphertexts and malformed encodings of
// ../shared/data/crypto.

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <vector>

#include "crypto/openssl_internal.h"
#include "crypto/sm2.h"
#include "protocol/vocab/error.h"
#include "tests/unit/crypto/der.h"
#include "tests/unit/crypto/vector_file.h"

namespace tj::crypto {
namespace {

constexpr std::string_view kSm2Prime =
    "0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF";
const Bytes kOrder = ValueBytes("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123");

bool Replace(Bytes& text, ByteView from, ByteView to) {
  const size_t at = text.find(from);
  if (at == Bytes::npos) return false;
  text.replace(at, from.size(), to);
  return true;
}

// a + b, b − a or whatever OpenSSL's function does, as 33 bytes or fewer.
template <typename Operation>
Bytes Compute(Operation operation, ByteView a, ByteView b) {
  const OwnedNumber left(BN_bin2bn(Data(a), static_cast<int>(a.size()), nullptr));
  const OwnedNumber right(BN_bin2bn(Data(b), static_cast<int>(b.size()), nullptr));
  const OwnedNumber result(BN_new());
  EXPECT_EQ(operation(result.get(), left.get(), right.get()), 1);
  Bytes out(static_cast<size_t>(BN_num_bytes(result.get())), '\0');
  BN_bn2bin(result.get(), Data(out));
  return out.empty() ? Bytes(1, '\0') : out;
}

// Botan's file sets the curve for the cases after it. OpenSSL knows the standard curve only; on it
// signatures are accepted, and those with SHA-256 refused. Cases of other curves cannot be asked:
// their keys would be keys of our curve.
TEST(Sm2Vectors, BotanSignatures) {
  const auto file = SharedData() / "crypto/botan/sm2_sig.vec";
  TJ_SKIP_WITHOUT(file);
  std::string prime;
  int accepted = 0;
  int other_hash = 0;
  int other_curve = 0;
  for (const VectorCase& vector : ReadVectors(file)) {
    if (vector.contains("P")) prime = vector.at("P");
    if (!vector.contains("Signature")) continue;
    const auto key = Sm2PrivateKey::FromScalar(ValueBytes(vector.at("x")));
    ASSERT_TRUE(key.ok());
    const Bytes both = ValueBytes(vector.at("Signature"));
    ASSERT_EQ(both.size(), 64u);
    const absl::Status status =
        key->Public().Verify(ValueBytes(vector.at("Msg")),
                             DerSignature(both.substr(0, 32), both.substr(32)), vector.at("Ident"));
    const bool right = prime == kSm2Prime && vector.at("Hash") == "SM3";
    EXPECT_EQ(status.ok(), right) << vector.at("Signature");
    ++(right ? accepted : prime == kSm2Prime ? other_hash : other_curve);
  }
  std::cout << "sm2_sig.vec: " << accepted << " accepted, " << other_hash
            << " with another hash and " << other_curve << " of another curve refused\n";
  EXPECT_EQ(accepted, 1);
  EXPECT_EQ(other_hash, 1);
  EXPECT_EQ(other_curve, 5);
}

// All of sm2_enc.vec is on the curve of a draft of the standard, which OpenSSL does not have: such
// a ciphertext must not open on ours.
TEST(Sm2Vectors, BotanCiphertextsOfTheDraftCurveAreRefused) {
  const auto file = SharedData() / "crypto/botan/sm2_enc.vec";
  TJ_SKIP_WITHOUT(file);
  Bytes scalar;
  int count = 0;
  for (const VectorCase& vector : ReadVectors(file)) {
    if (vector.contains("P")) {
      ASSERT_NE(vector.at("P"), kSm2Prime);
    }
    if (vector.contains("x")) scalar = ValueBytes(vector.at("x"));
    if (!vector.contains("Ciphertext")) continue;
    const auto key = Sm2PrivateKey::FromScalar(scalar);
    ASSERT_TRUE(key.ok());
    const auto opened = key->Decrypt(ValueBytes(vector.at("Ciphertext")));
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(CodeOf(opened.status()), ErrorCode::kCryptoSeal);
    ++count;
  }
  std::cout << "sm2_enc.vec: " << count << " of the draft curve refused\n";
  EXPECT_EQ(count, 5);
}

TEST(Sm2Vectors, BotanMalformedCiphertexts) {
  const auto file = SharedData() / "crypto/botan/sm2_invalid.vec";
  TJ_SKIP_WITHOUT(file);
  const auto vectors = ReadVectors(file);
  const auto holder = std::find_if(vectors.begin(), vectors.end(),
                                   [](const VectorCase& v) { return v.contains("Key"); });
  ASSERT_NE(holder, vectors.end());
  const auto key = Sm2PrivateKey::FromScalar(ValueBytes(holder->at("Key")));
  ASSERT_TRUE(key.ok());
  int count = 0;
  for (const VectorCase& vector : vectors) {
    if (!vector.contains("Ctext")) continue;
    const auto opened = key->Decrypt(ValueBytes(vector.at("Ctext")));
    ASSERT_FALSE(opened.ok()) << vector.at("Ctext");
    EXPECT_EQ(CodeOf(opened.status()), ErrorCode::kCryptoSeal);
    ++count;
  }
  std::cout << "sm2_invalid.vec: " << count << " refused\n";
  EXPECT_GE(count, 18);
}

// The key block of the file, then its cases. Its signatures are over a digest without Z, which is
// what this project must refuse; that they are right of their kind is asked of OpenSSL directly.
TEST(Sm2Vectors, TongsuoKeys) {
  const auto file = SharedData() / "crypto/tongsuo/evppkey_sm2.txt";
  TJ_SKIP_WITHOUT(file);
  const auto key = Sm2PrivateKey::FromPem(ReadWhole(file), "");
  ASSERT_TRUE(key.ok()) << Describe(key.status());
  int without_z = 0;
  int opened_count = 0;
  for (const VectorCase& vector : ReadVectors(file)) {
    if (vector.contains("Verify")) {
      const Bytes digest = ValueBytes(vector.at("Input"));
      const Bytes signature = ValueBytes(vector.at("Output"));
      if (!vector.contains("Result")) {
        const OwnedKeyContext context(
            EVP_PKEY_CTX_new_from_pkey(nullptr, key->handle().key.get(), nullptr));
        ASSERT_EQ(EVP_PKEY_verify_init(context.get()), 1);
        EXPECT_EQ(EVP_PKEY_verify(context.get(), Data(signature), signature.size(), Data(digest),
                                  digest.size()),
                  1);
      }
      for (const std::string_view id : {kSm2DefaultId, std::string_view()}) {
        EXPECT_FALSE(key->Public().Verify(digest, signature, id).ok());
      }
      ++without_z;
    }
    if (vector.contains("Decrypt")) {
      const auto opened = key->Decrypt(ValueBytes(vector.at("Input")));
      // The one with a result is about asking for another hash, which cannot be asked of ours.
      ASSERT_TRUE(opened.ok()) << vector.at("Input");
      if (vector.contains("Output")) {
        EXPECT_EQ(*opened, ValueBytes(vector.at("Output")));
      }
      ++opened_count;
    }
  }
  std::cout << "evppkey_sm2.txt: " << without_z << " signatures without Z refused, " << opened_count
            << " ciphertexts opened\n";
  EXPECT_EQ(without_z, 3);
  EXPECT_EQ(opened_count, 5);
}

// An SM2 signature with r and s encoded as in the ECDSA signature that Wycheproof's malformed ones
// were made from: r without, s with a zero in front.
Bytes SignatureOfThatShape(const Sm2PrivateKey& key, ByteView message) {
  while (true) {
    const auto signature = key.Sign(message, kSm2DefaultId);
    EXPECT_TRUE(signature.ok());
    const SignatureParts parts = PartsOf(*signature);
    const auto r = static_cast<uint8_t>(parts.r[0]);
    const auto s = static_cast<uint8_t>(parts.s[0]);
    if (r > 0 && r < 0x80 && s >= 0x80) return *signature;
  }
}

struct EncodedSignature {
  double id = 0;
  Bytes der;
  bool valid = false;
};

std::vector<EncodedSignature> ReadWycheproof(const std::filesystem::path& file) {
  const auto json = ReadJson(file);
  std::vector<EncodedSignature> out;
  for (const auto& group : json.fields().at("testGroups").list_value().values()) {
    for (const auto& test : group.struct_value().fields().at("tests").list_value().values()) {
      const auto& at = test.struct_value().fields();
      out.push_back({at.at("tcId").number_value(), ValueBytes(at.at("sig").string_value()),
                     at.at("result").string_value() == "valid"});
    }
  }
  return out;
}

// The valid signature of whose numbers most of the others are made.
SignatureParts MostUsed(const std::vector<EncodedSignature>& all) {
  SignatureParts best;
  size_t best_uses = 0;
  for (const EncodedSignature& candidate : all) {
    if (!candidate.valid) continue;
    const SignatureParts parts = PartsOf(candidate.der);
    const auto uses = static_cast<size_t>(
        std::count_if(all.begin(), all.end(), [&](const EncodedSignature& other) {
          return other.der.find(parts.r) != Bytes::npos && other.der.find(parts.s) != Bytes::npos;
        }));
    if (uses > best_uses) {
      best = parts;
      best_uses = uses;
    }
  }
  return best;
}

// Each malformation with the ECDSA numbers replaced by those of a right SM2 signature: what is
// refused is then refused for its form. The valid one is the control.
TEST(Sm2Vectors, WycheproofMalformedSignatures) {
  const auto file = SharedData() / "crypto/wycheproof/ecdsa_secp256r1_sha256_test.json";
  TJ_SKIP_WITHOUT(file);
  const auto all = ReadWycheproof(file);
  const auto key = Sm2PrivateKey::Generate();
  ASSERT_TRUE(key.ok());
  const SignatureParts theirs = MostUsed(all);
  const SignatureParts ours = PartsOf(SignatureOfThatShape(*key, "message"));

  int accepted = 0;
  int refused = 0;
  int transplanted = 0;
  for (const EncodedSignature& signature : all) {
    EXPECT_FALSE(key->Public().Verify("message", signature.der, kSm2DefaultId).ok());
    Bytes transplant = signature.der;
    const bool whole =
        Replace(transplant, theirs.r, ours.r) && Replace(transplant, theirs.s, ours.s);
    const bool ok = key->Public().Verify("message", transplant, kSm2DefaultId).ok();
    EXPECT_EQ(ok, whole && signature.valid) << signature.id;
    transplanted += whole && !signature.valid;
    ++(ok ? accepted : refused);
  }
  std::cout << "ecdsa_secp256r1_sha256_test.json: " << refused << " refused, of which "
            << transplanted << " malformations of a right SM2 signature; " << accepted
            << " well-formed ones accepted\n";
  EXPECT_GE(accepted, 1);
  EXPECT_GE(transplanted, 60);
}

TEST(Sm2Vectors, NumbersOutOfRange) {
  const auto key = Sm2PrivateKey::Generate();
  ASSERT_TRUE(key.ok());
  const Bytes message = "message";
  const auto signature = key->Sign(message, kSm2DefaultId);
  ASSERT_TRUE(signature.ok());
  const auto [r, s] = PartsOf(*signature);
  ASSERT_TRUE(key->Public().Verify(message, DerSignature(r, s), kSm2DefaultId).ok());
  const Bytes zero(1, '\0');
  const Bytes r_again = Compute(BN_add, r, kOrder);
  const Bytes s_again = Compute(BN_add, s, kOrder);
  const Bytes r_opposite = Compute(BN_sub, kOrder, r);
  const Bytes s_opposite = Compute(BN_sub, kOrder, s);
  for (const auto& [bad_r, bad_s] : {SignatureParts{zero, s},
                                     {r, zero},
                                     {zero, zero},
                                     {kOrder, s},
                                     {r, kOrder},
                                     {r_again, s},
                                     {r, s_again},
                                     {r_again, s_again},
                                     {r_opposite, s},
                                     {r, s_opposite},
                                     {s, r}}) {
    EXPECT_FALSE(key->Public().Verify(message, DerSignature(bad_r, bad_s), kSm2DefaultId).ok());
  }
  // The same numbers as negatives: r − n.
  Bytes negative = Compute(BN_sub, kOrder, r);
  negative.insert(0, 32 - negative.size(), '\0');
  for (char& c : negative) c = static_cast<char>(~c);
  negative.insert(0, 1, '\xff');
  EXPECT_FALSE(key->Public()
                   .Verify(message,
                           DerElement('\x30', DerElement('\x02', negative) + DerInteger(s)),
                           kSm2DefaultId)
                   .ok());
}

}  // namespace
}  // namespace tj::crypto
