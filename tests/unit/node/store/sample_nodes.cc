#include "tests/unit/node/store/sample_nodes.h"

#include <utility>
#include <vector>

#include "crypto/issue.h"
#include "crypto/leaf_hash.h"
#include "crypto/sm3.h"
#include "node/store/content_digest.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"
#include "protocol/wire/payload.pb.h"
#include "tests/unit/node/store/ledger_rows.h"

namespace tj::store {
namespace {

using wire::PrivateKind;

const crypto::Validity kValidity{*Instant::Parse("2026-01-01T00:00:00Z"),
                                 *Instant::Parse("2036-01-01T00:00:00Z")};
constexpr uint64_t kNone = ~uint64_t{0};

// Where it is only asked that salts differ.
Bytes SaltOf(std::string_view of) {
  return Bytes(crypto::Sm3Of({of}).view().substr(0, wire::kSaltBytes));
}

struct Identity {
  crypto::TrustedNode node;
  std::unique_ptr<crypto::Signer> signer;
};

Identity MakeIdentity(const crypto::Issued& root, const NodeCode& code,
                      std::optional<NodeCode> parent) {
  const auto issued = crypto::IssueForNode(root.certificate_pem, root.key_pem, "", code,
                                           crypto::Purpose::kRecordSigning, kValidity, "");
  TJ_CHECK(issued.ok());
  Identity identity{{.code = code, .parent = std::move(parent), .name = code.text()}, nullptr};
  identity.node.signing.push_back(*crypto::Certificate::FromPem(issued->certificate_pem));
  identity.signer =
      std::make_unique<crypto::KeySigner>(*crypto::Sm2PrivateKey::FromPem(issued->key_pem, ""));
  return identity;
}

// Seals a part of `record` and gives its commitment.
Hash AddPart(PrivateKeys& keys, PreparedRecord& record, uint64_t index, PrivateKind kind,
             const Bytes& part, Instant at) {
  const Bytes salt = SaltOf(Cat("part", index, static_cast<int>(kind)));
  auto sealed = keys.SealPart(kind, salt, part, at);
  TJ_CHECK(sealed.ok());
  record.parts.push_back(*std::move(sealed));
  return crypto::PrivateCommitment(kind, salt, part);
}

void MakeSummary(PreparedRecord& record, uint64_t index, Instant at) {
  v1::Summary summary;
  summary.set_date(at.BeijingDate().days());
  summary.set_item(Cat("item ", index));
  summary.set_revision(1);
  const Bytes payload = summary.SerializeAsString();
  const std::string subject = Cat("subject ", index);
  record.family = Family::kSummary;
  record.audience = Audience::kChain;
  record.body = *wire::EncodeBody(SaltOf(Cat("own", index)), payload, {}, {});
  record.dedup = {"~summary", subject, "1", EmittedDigest("~summary", subject, "1", payload)};
}

void MakeCaseEvent(PrivateKeys& keys, PreparedRecord& record, uint64_t index, Instant at) {
  const bool first_of_case = index % 7 == 0 || (index % 7 == 1 && index % 10 == 0);
  const uint64_t before = (index - 1) % 10 == 9 ? index - 2 : index - 1;
  v1::CaseEvent event;
  event.set_source("hall");
  event.set_case_no(Cat("GH-", index / 7));
  event.set_source_event_id(Cat(index));
  event.set_type(v1::STEP);
  event.set_occurred_at_ms(at.ms);
  event.set_previous(first_of_case ? kNone : before);
  const Bytes payload = event.SerializeAsString();
  std::optional<Hash> person;
  std::optional<Hash> text;
  const Bytes person_part = index % 5 == 1 ? Cat("applicant ", index) : "";
  const Bytes text_part = index % 5 <= 1 ? Cat("opinion ", index) : "";
  if (!person_part.empty()) {
    person = AddPart(keys, record, index, PrivateKind::kPerson, person_part, at);
  }
  if (!text_part.empty()) {
    text = AddPart(keys, record, index, PrivateKind::kText, text_part, at);
  }
  record.family = Family::kCaseEvent;
  record.audience = Audience::kLocal;
  record.body = *wire::EncodeBody(SaltOf(Cat("own", index)), payload, person, text);
  record.dedup = {event.source(), event.case_no(), event.source_event_id(),
                  SubmittedDigest(keys, payload, person_part, text_part)};
}

}  // namespace

SampleNodes::SampleNodes() {
  const auto root = crypto::MakeRoot(crypto::KeyKind::kSm2, "records root", kValidity, "");
  TJ_CHECK(root.ok());
  Identity top = MakeIdentity(*root, city, std::nullopt);
  Identity below = MakeIdentity(*root, county, city);
  auto trust = crypto::TrustStore::Make({std::move(top.node), std::move(below.node)},
                                        {*crypto::Certificate::FromPem(root->certificate_pem)}, {},
                                        kValidity.not_before + std::chrono::hours(1));
  TJ_CHECK(trust.ok());
  trust_ = std::make_unique<crypto::TrustStore>(*std::move(trust));
  county_signer_ = std::move(below.signer);
  city_signer_ = std::move(top.signer);
}

crypto::Signer& SampleNodes::SignerOf(const NodeCode& node) {
  return node == city ? *city_signer_ : *county_signer_;
}

crypto::Note SampleNodes::Head(const crypto::Head& head) {
  return *crypto::SignHead(head, SignerOf(head.ledger.origin));
}

crypto::Note SampleNodes::Statement(const crypto::Head& head, crypto::StatementKind kind,
                                    const NodeCode& by) {
  const auto line = crypto::SignStatement(head, kind, by, crypto::kProfileIntl,
                                          head.at + Duration(500), SignerOf(by));
  TJ_CHECK(line.ok());
  return {head, {*line}};
}

Bytes SampleNodes::ForkProof(const LedgerId& ledger, uint64_t size, Instant at) {
  Bytes proof = "TJF1";
  wire::Writer writer(proof);
  writer.Prefixed(Head({ledger, size, crypto::Sm3Of({"one"}), at}).Text());
  writer.Prefixed(Head({ledger, size, crypto::Sm3Of({"other"}), at}).Text());
  writer.U8(0);
  return proof;
}

PreparedRecord SampleRecord(PrivateKeys& keys, uint64_t index, Instant at) {
  PreparedRecord record;
  if (index % 10 == 9) {
    MakeSummary(record, index, at);
  } else {
    MakeCaseEvent(keys, record, index, at);
  }
  return record;
}

wire::Leaf SampleCityLeaf(uint64_t index, Instant at) {
  const Audience audience = index == kSampleAddressed ? Audience::kAddressed
                            : index % 3 == 0          ? Audience::kAll
                            : index % 3 == 1          ? Audience::kParent
                                                      : Audience::kChildren;
  wire::Leaf leaf =
      LeafOf(Family::kTick, audience, at,
             *wire::EncodeBody(SaltOf(Cat("city", index)), Cat("body ", index), {}, {}));
  if (!AudienceIncludes(audience, Relation::kChild) || index == kSampleMissing) leaf.body.clear();
  return leaf;
}

}  // namespace tj::store
