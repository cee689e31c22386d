#include "crypto/evidence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "protocol/wire/evidence.pb.h"
#include "tests/unit/crypto/evidence_sample.h"
#include "tests/unit/crypto/test_pki.h"

namespace tj::crypto {
namespace {

void KeepFirst(std::vector<NoteSignature>& lines, ptrdiff_t n) {
  lines.erase(lines.begin() + n, lines.end());
}

class Evidence : public testing::Test {
 protected:
  Bytes Build(std::initializer_list<uint64_t> indices) {
    return *BuildEvidence(sample_.Parts(indices));
  }

  // The file after a change to its message.
  static Bytes Changed(const Bytes& file, const std::function<void(v1::Evidence&)>& change) {
    v1::Evidence evidence;
    EXPECT_TRUE(evidence.ParseFromString(file));
    change(evidence);
    return evidence.SerializeAsString();
  }

  void ExpectRefused(const Bytes& file, const EvidencePolicy& policy, ErrorCode code,
                     const std::string& why) {
    const auto verdict = VerifyEvidence(file, policy);
    ASSERT_FALSE(verdict.ok()) << why;
    EXPECT_EQ(InfoOf(CodeOf(verdict.status())).name, InfoOf(code).name)
        << why << ": " << Describe(verdict.status());
  }
  void ExpectRefused(const Bytes& file, ErrorCode code, const std::string& why) {
    ExpectRefused(file, sample_.Policy(), code, why);
  }

  EvidenceSample sample_;
};

TEST_F(Evidence, Verifies) {
  const auto verdict = VerifyEvidence(Build({3, 64, 99}), sample_.Policy());
  ASSERT_TRUE(verdict.ok()) << Describe(verdict.status());
  EXPECT_EQ(verdict->head, sample_.note().head);
  EXPECT_TRUE(verdict->witnessed);
  EXPECT_EQ(verdict->witness, NodeOf("370800"));
  EXPECT_EQ(verdict->witnessed_at, TimeOf("2026-11-22T08:12:04.000Z"));
  EXPECT_TRUE(verdict->delivered);
  ASSERT_EQ(verdict->records.size(), 3u);
  const std::vector<uint64_t> indices = {3, 64, 99};
  for (size_t k = 0; k < indices.size(); ++k) {
    const auto& record = verdict->records[k];
    EXPECT_EQ(record.index.value, indices[k]);
    EXPECT_EQ(record.body, sample_.leaves()[indices[k]].body);
    EXPECT_EQ(record.header, sample_.leaves()[indices[k]].header);
    EXPECT_EQ(record.leaf, sample_.hashes()[indices[k]]);
  }
}

TEST_F(Evidence, EveryLeafAlone) {
  for (uint64_t i = 0; i < EvidenceSample::kSize; ++i) {
    const auto verdict = VerifyEvidence(Build({i}), sample_.Policy());
    ASSERT_TRUE(verdict.ok()) << i << ": " << Describe(verdict.status());
  }
}

TEST_F(Evidence, BuilderPutsPartsInOrder) {
  EvidenceParts parts = sample_.Parts({99, 3, 64});
  std::reverse(parts.note.signatures.begin(), parts.note.signatures.end());
  std::reverse(parts.signing.begin(), parts.signing.end());
  const auto file = BuildEvidence(parts);
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(VerifyEvidence(*file, sample_.Policy()).ok());
  v1::Evidence message;
  ASSERT_TRUE(message.ParseFromString(*file));
  EXPECT_EQ(message.records(0).index(), 3u);
  EXPECT_EQ(message.certificates(0), sample_.origin().certificate.Der());
}

TEST_F(Evidence, BuilderLeavesOutWhatNoLineNeeds) {
  EvidenceParts parts = sample_.Parts({7});
  KeepFirst(parts.note.signatures, 1);
  const auto file = BuildEvidence(parts);
  ASSERT_TRUE(file.ok());
  v1::Evidence message;
  ASSERT_TRUE(message.ParseFromString(*file));
  EXPECT_EQ(message.certificates_size(), 1);
}

TEST_F(Evidence, BuilderRefusesWhatCannotVerify) {
  const auto code = [](const EvidenceParts& parts) {
    return CodeOf(BuildEvidence(parts).status());
  };
  EvidenceParts parts = sample_.Parts({7});
  parts.signing.pop_back();
  EXPECT_EQ(code(parts), ErrorCode::kCryptoCertificate);
  parts = sample_.Parts({7});
  parts.note.signatures.erase(parts.note.signatures.begin());
  EXPECT_EQ(code(parts), ErrorCode::kCryptoNote);
  parts.note.signatures.clear();
  EXPECT_EQ(code(parts), ErrorCode::kCryptoNote);
  EXPECT_EQ(code(sample_.Parts({})), ErrorCode::kWireEvidence);
  EXPECT_EQ(code(sample_.Parts({7, 7})), ErrorCode::kWireEvidence);
  parts = sample_.Parts({7});
  parts.note.signatures[1].at = TimeOf("2027-06-01T00:00:00.000Z");  // no certificate is valid then
  EXPECT_EQ(code(parts), ErrorCode::kCryptoCertificate);
}

TEST_F(Evidence, WithheldBodyShowsTheDigestOnly) {
  EvidenceParts parts = sample_.Parts({3, 64});
  parts.records[0].leaf.body.clear();
  const auto verdict = VerifyEvidence(*BuildEvidence(parts), sample_.Policy());
  ASSERT_TRUE(verdict.ok()) << Describe(verdict.status());
  EXPECT_EQ(verdict->records[0].body, "");
  EXPECT_EQ(verdict->records[0].leaf, sample_.hashes()[3]);
  EXPECT_EQ(verdict->records[1].body, sample_.leaves()[64].body);
}

TEST_F(Evidence, PublishedOnly) {
  EvidenceParts parts = sample_.Parts({3});
  KeepFirst(parts.note.signatures, 1);
  const Bytes file = *BuildEvidence(parts);
  const auto verdict = VerifyEvidence(file, sample_.Policy());
  ASSERT_TRUE(verdict.ok()) << Describe(verdict.status());
  EXPECT_FALSE(verdict->witnessed);
  EXPECT_FALSE(verdict->witness.has_value());
  EXPECT_FALSE(verdict->delivered);
  EvidencePolicy policy = sample_.Policy();
  policy.require_witness = true;
  ExpectRefused(file, policy, ErrorCode::kCryptoWitness, "no statement");
}

TEST_F(Evidence, WitnessOfThePolicyCounts) {
  EvidenceSample::Party zone(sample_.root(), "370826-003", EvidenceSample::Year2026());
  sample_.AddStatement(StatementKind::kSeen, zone, "2026-11-22T08:12:03.500Z");
  EvidenceParts parts = sample_.Parts({3});
  parts.signing.push_back(zone.certificate);
  const Bytes file = *BuildEvidence(parts);

  const auto anyone = VerifyEvidence(file, sample_.Policy());
  ASSERT_TRUE(anyone.ok()) << Describe(anyone.status());
  EXPECT_EQ(anyone->witness, NodeOf("370826-003")) << "the earliest";
  EXPECT_FALSE(anyone->delivered);

  EvidencePolicy policy = sample_.Policy();
  policy.witness = NodeOf("370800");
  policy.require_witness = true;
  const auto bureau = VerifyEvidence(file, policy);
  ASSERT_TRUE(bureau.ok()) << Describe(bureau.status());
  EXPECT_EQ(bureau->witness, NodeOf("370800"));
  EXPECT_EQ(bureau->witnessed_at, TimeOf("2026-11-22T08:12:04.000Z"));
  EXPECT_TRUE(bureau->delivered);

  policy.witness = NodeOf("370000");
  ExpectRefused(file, policy, ErrorCode::kCryptoWitness, "another witness");
}

TEST_F(Evidence, OriginOfThePolicyCounts) {
  EvidencePolicy policy = sample_.Policy();
  policy.origin = NodeOf("370826");
  EXPECT_TRUE(VerifyEvidence(Build({3}), policy).ok());
  policy.origin = NodeOf("370827");
  ExpectRefused(Build({3}), policy, ErrorCode::kCryptoOrigin, "another origin");
}

TEST_F(Evidence, WrongRootIsRefused) {
  const auto other =
      MakeRoot(KeyKind::kSm2, "Record root of the tests", EvidenceSample::Year2026(), "");
  EvidencePolicy policy{.roots = {*Certificate::FromPem(other->certificate_pem)}};
  ExpectRefused(Build({3}), policy, ErrorCode::kCryptoChain, "root of the same name");
  ExpectRefused(Build({3}), EvidencePolicy{}, ErrorCode::kCryptoChain, "no root");
}

TEST_F(Evidence, OtherSpellingsAreRefused) {
  const Bytes file = Build({3, 64});
  const Bytes version("\x08\x01", 2);
  ASSERT_EQ(file.substr(0, 2), version);
  const std::map<std::string, Bytes> refused = {
      {"empty", ""},
      {"unknown field", file + Bytes("\x78\x01", 2)},
      {"unknown field first", Bytes("\x78\x01", 2) + file},
      {"trailing zero", file + '\0'},
      {"cut", file.substr(0, file.size() - 1)},
      {"version twice", version + file},
      {"version last", file.substr(2) + version},
      {"long varint", Bytes("\x08\x81\x00", 3) + file.substr(2)},
      {"no version", file.substr(2)},
      {"version 2", Bytes("\x08\x02", 2) + file.substr(2)},
      {"twice", file + file},
      {"no records", Changed(file, [](auto& e) { e.clear_records(); })},
      {"ledger", Changed(file, [](auto& e) { e.set_ledger("370826/2"); })},
      {"no ledger", Changed(file, [](auto& e) { e.clear_ledger(); })},
      {"records swapped", Changed(file, [](auto& e) { e.mutable_records()->SwapElements(0, 1); })},
      {"record twice", Changed(file, [](auto& e) { *e.mutable_records(1) = e.records(0); })},
      {"body and hash",
       Changed(file, [](auto& e) { e.mutable_records(0)->set_body_hash(Bytes(32, 'x')); })},
      {"neither", Changed(file, [](auto& e) { e.mutable_records(0)->clear_body(); })},
      {"short proof hash",
       Changed(file, [](auto& e) { e.mutable_records(0)->mutable_inclusion(2)->pop_back(); })},
      {"long proof hash",
       Changed(file, [](auto& e) { e.mutable_records(0)->mutable_inclusion(2)->push_back('x'); })},
      {"too many certificates", Changed(file,
                                        [](auto& e) {
                                          for (int i = 0; i < 30; ++i)
                                            e.add_certificates(e.certificates(0));
                                        })},
  };
  for (const auto& [why, bad] : refused) ExpectRefused(bad, ErrorCode::kWireEvidence, why);
}

TEST_F(Evidence, OtherRecordsAreRefused) {
  const Bytes file = Build({3, 64});
  const auto changed = [&](const std::function<void(v1::EvidenceRecord&)>& change) {
    return Changed(file, [&](v1::Evidence& e) { change(*e.mutable_records(0)); });
  };
  ExpectRefused(changed([](auto& r) { r.set_index(2); }), ErrorCode::kCryptoProof, "index");
  ExpectRefused(changed([](auto& r) { r.clear_index(); }), ErrorCode::kCryptoProof, "index 0");
  ExpectRefused(changed([](auto& r) { r.mutable_body()->push_back('x'); }), ErrorCode::kCryptoProof,
                "body");
  ExpectRefused(changed([](auto& r) { r.mutable_inclusion()->RemoveLast(); }),
                ErrorCode::kCryptoProof, "short");
  ExpectRefused(changed([](auto& r) { r.add_inclusion(Bytes(32, 'x')); }), ErrorCode::kCryptoProof,
                "long");
  ExpectRefused(changed([](auto& r) { r.mutable_inclusion()->SwapElements(0, 1); }),
                ErrorCode::kCryptoProof, "swapped");
  ExpectRefused(changed([](auto& r) { r.clear_inclusion(); }), ErrorCode::kCryptoProof, "no proof");
  ExpectRefused(changed([](auto& r) { r.mutable_header()->push_back('\0'); }),
                ErrorCode::kWireRecord, "header");
  ExpectRefused(changed([](auto& r) { r.clear_header(); }), ErrorCode::kWireRecord, "no header");
  ExpectRefused(changed([](auto& r) { r.set_body(Bytes(limits::kBodyBytesMax + 1, 'x')); }),
                ErrorCode::kWireEvidence, "long body");
  const Bytes last = Changed(file, [](auto& e) { e.mutable_records(1)->set_index(100); });
  ExpectRefused(last, ErrorCode::kCryptoProof, "beyond the head");
}

TEST_F(Evidence, OtherLinesAreRefused) {
  const auto refuse = [&](ErrorCode code, const std::string& why,
                          const std::function<void(std::vector<NoteSignature>&)>& change) {
    const Bytes file = Changed(Build({3}), [&](v1::Evidence& e) {
      Note note = sample_.note();
      change(note.signatures);
      e.set_head(note.Text());
    });
    ExpectRefused(file, code, why);
  };
  refuse(ErrorCode::kCryptoNote, "no line", [](auto& lines) { lines.clear(); });
  refuse(ErrorCode::kWireEvidence, "no origin's line",
         [](auto& lines) { lines.erase(lines.begin()); });
  refuse(ErrorCode::kWireEvidence, "origin's line last",
         [](auto& lines) { std::swap(lines[0], lines[2]); });
  refuse(ErrorCode::kWireEvidence, "bureau's certificate not used",
         [](auto& lines) { KeepFirst(lines, 1); });
  refuse(ErrorCode::kCryptoCertificate, "key id", [](auto& lines) { lines[1].key_id[0] ^= 1; });
  refuse(ErrorCode::kCryptoCertificate, "signer",
         [](auto& lines) { lines[1].signer = NodeOf("370801"); });
  refuse(ErrorCode::kCryptoSignature, "seen as held", [](auto& lines) {
    lines.pop_back();
    lines[1].kind = StatementKind::kHeld;
  });
  refuse(ErrorCode::kCryptoSignature, "time",
         [](auto& lines) { lines[1].at = lines[1].at - Duration(1); });
  refuse(ErrorCode::kCryptoSignature, "profile", [](auto& lines) { lines[1].profile = 2; });
  refuse(ErrorCode::kWireEvidence, "second line of the origin", [&](auto& lines) {
    lines.insert(lines.begin() + 1, lines[0]);
    lines[1].key_id[0] ^= 1;
  });
  refuse(ErrorCode::kWireEvidence, "origin's own statement", [&](auto& lines) {
    lines.push_back(*SignStatement(sample_.note().head, StatementKind::kSeen, NodeOf("370826"), 1,
                                   TimeOf("2026-11-22T08:12:04.000Z"), sample_.origin().signer));
  });
}

TEST_F(Evidence, OtherCertificatesAreRefused) {
  const Bytes file = Build({3});
  const auto changed =
      [&](const std::function<void(google::protobuf::RepeatedPtrField<Bytes>&)>& change) {
        return Changed(file, [&](v1::Evidence& e) { change(*e.mutable_certificates()); });
      };
  EvidenceSample::Party other(sample_.root(), "370811", EvidenceSample::Year2026());
  const Bytes root = sample_.Policy().roots[0].Der();
  ExpectRefused(changed([](auto& c) { c.Clear(); }), ErrorCode::kCryptoCertificate, "none");
  ExpectRefused(changed([](auto& c) { c.RemoveLast(); }), ErrorCode::kCryptoCertificate, "one");
  ExpectRefused(changed([](auto& c) { c.SwapElements(0, 1); }), ErrorCode::kCryptoCertificate,
                "order");
  ExpectRefused(changed([](auto& c) { *c.Add() = c[0]; }), ErrorCode::kWireEvidence, "twice");
  ExpectRefused(changed([&](auto& c) { *c.Add() = other.certificate.Der(); }),
                ErrorCode::kWireEvidence, "unused");
  ExpectRefused(changed([&](auto& c) { *c.Add() = root; }), ErrorCode::kWireEvidence,
                "the root itself");
  ExpectRefused(changed([](auto& c) { *c.Add() = ""; }), ErrorCode::kCryptoCertificate, "empty");
  ExpectRefused(changed([](auto& c) { c[0].push_back('\0'); }), ErrorCode::kCryptoCertificate,
                "trailing byte");
}

TEST_F(Evidence, CertificatesMustHoldWhenTheyWereUsed) {
  const Validity until_head = {EvidenceSample::Year2026().not_before,
                               TimeOf("2026-11-22T08:12:04.000Z")};
  EvidenceSample::Party bureau(sample_.root(), "370800", until_head);
  Note& note = sample_.note();
  KeepFirst(note.signatures, 1);
  EvidenceParts parts = sample_.Parts({3});
  parts.signing[1] = bureau.certificate;
  for (const auto& [at, good] :
       {std::pair{"2026-11-22T08:12:04.000Z", true}, {"2026-11-22T08:12:05.000Z", false}}) {
    parts.note = note;
    parts.note.signatures.push_back(
        *SignStatement(note.head, StatementKind::kSeen, bureau.code, 1, TimeOf(at), bureau.signer));
    v1::Evidence message;  // by hand: the builder would see it
    ASSERT_TRUE(message.ParseFromString(Build({3})));
    message.set_head(parts.note.Text());
    message.add_certificates(bureau.certificate.Der());
    const auto verdict = VerifyEvidence(message.SerializeAsString(), sample_.Policy());
    EXPECT_EQ(verdict.ok(), good) << Describe(verdict.status());
    if (!good) {
      EXPECT_EQ(CodeOf(verdict.status()), ErrorCode::kCryptoExpired);
    }
  }
}

TEST_F(Evidence, OnlySigningCertificatesSign) {
  const auto issued =
      IssueForNode(sample_.root().certificate_pem, sample_.root().key_pem, "", NodeOf("370800"),
                   Purpose::kRecordEncryption, EvidenceSample::Year2026(), "");
  KeySigner signer(*Sm2PrivateKey::FromPem(issued->key_pem, ""));
  Note note = sample_.note();
  KeepFirst(note.signatures, 1);
  note.signatures.push_back(*SignStatement(note.head, StatementKind::kSeen, NodeOf("370800"), 1,
                                           TimeOf("2026-11-22T08:12:04.000Z"), signer));
  const Bytes file = Changed(Build({3}), [&](v1::Evidence& e) {
    e.set_head(note.Text());
    e.set_certificates(1, Certificate::FromPem(issued->certificate_pem)->Der());
  });
  ExpectRefused(file, ErrorCode::kCryptoCertificate, "encryption certificate");
}

TEST_F(Evidence, IntermediatesAreThoseThatChainsNeed) {
  const Party root = MakeParty({.subject = "root", .extensions = kAuthority}, nullptr);
  const Party middle = MakeParty({.subject = "middle", .extensions = kAuthority}, &root);
  const Party stranger = MakeParty({.subject = "stranger", .extensions = kAuthority}, &root);
  ExtensionList extensions = kEndEntity;
  extensions.emplace_back(NID_subject_alt_name, "DNS:370826.node.tongjian");
  const Party origin = MakeParty({.subject = "370826", .extensions = extensions}, &middle);
  KeySigner signer(origin.key);
  EvidenceParts parts = sample_.Parts({3});
  parts.note = *SignHead(sample_.note().head, signer);
  parts.signing = {origin.certificate};
  const EvidencePolicy policy{.roots = {root.certificate}};

  parts.intermediates = {middle.certificate};
  const auto verdict = VerifyEvidence(*BuildEvidence(parts), policy);
  EXPECT_TRUE(verdict.ok()) << Describe(verdict.status());

  parts.intermediates = {};
  ExpectRefused(*BuildEvidence(parts), policy, ErrorCode::kCryptoChain, "none");
  parts.intermediates = {stranger.certificate};
  ExpectRefused(*BuildEvidence(parts), policy, ErrorCode::kCryptoChain, "another");
  parts.intermediates = {middle.certificate, stranger.certificate};
  ExpectRefused(*BuildEvidence(parts), policy, ErrorCode::kWireEvidence, "one too many");
  parts.intermediates = {middle.certificate, middle.certificate};
  ExpectRefused(*BuildEvidence(parts), policy, ErrorCode::kWireEvidence, "twice");
  parts.intermediates = {middle.certificate, root.certificate};
  ExpectRefused(*BuildEvidence(parts), policy, ErrorCode::kWireEvidence, "with the root");
  parts.intermediates = {middle.certificate};
  const Bytes swapped = Changed(
      *BuildEvidence(parts), [](v1::Evidence& e) { e.mutable_certificates()->SwapElements(0, 1); });
  ExpectRefused(swapped, policy, ErrorCode::kCryptoCertificate, "authority before the signer");
}

TEST_F(Evidence, AuthoritiesDoNotSignNotes) {
  const Party root = MakeParty({.subject = "root", .extensions = kAuthority}, nullptr);
  const ExtensionList extensions = {{NID_basic_constraints, "critical,CA:TRUE"},
                                    {NID_key_usage, "critical,keyCertSign,digitalSignature"},
                                    {NID_subject_alt_name, "DNS:370826.node.tongjian"}};
  const Party origin = MakeParty({.subject = "370826", .extensions = extensions}, &root);
  KeySigner signer(origin.key);
  EvidenceParts parts = sample_.Parts({3});
  parts.note = *SignHead(sample_.note().head, signer);
  parts.signing = {origin.certificate};
  ExpectRefused(*BuildEvidence(parts), {.roots = {root.certificate}}, ErrorCode::kCryptoCertificate,
                "authority");
}

TEST_F(Evidence, AnyFlippedByteIsRefused) {
  EvidenceParts parts = sample_.Parts({3, 64});
  parts.records[0].leaf.body.clear();
  const Bytes file = *BuildEvidence(parts);
  const EvidencePolicy policy = sample_.Policy();
  ASSERT_TRUE(VerifyEvidence(file, policy).ok());
  for (size_t i = 0; i < file.size(); ++i) {
    Bytes bad = file;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    ASSERT_FALSE(VerifyEvidence(bad, policy).ok()) << "byte " << i << " of " << file.size();
    ASSERT_FALSE(VerifyEvidence(file.substr(0, i), policy).ok()) << "cut at " << i;
  }
}

}  // namespace
}  // namespace tj::crypto
