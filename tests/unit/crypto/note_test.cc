#include "crypto/note.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/sm3.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"

namespace tj::crypto {
namespace {

NodeCode Code(std::string_view text) { return *NodeCode::Parse(text); }

// SEQUENCE of two INTEGERs with these contents.
Bytes Der(ByteView r, ByteView s) {
  const auto integer = [](ByteView content) {
    return Cat('\x02', static_cast<char>(content.size()), content);
  };
  const Bytes body = integer(r) + integer(s);
  return Cat('\x30', static_cast<char>(body.size()), body);
}

// Signs nothing: gives a well-formed signature, for tests of the grammar.
class FormSigner final : public Signer {
 public:
  absl::StatusOr<Bytes> Sign(ByteView) override { return Der("\x11", "\x22"); }
  Bytes PublicPoint() const override { return Bytes(65, '\4'); }
};

// A module that is away.
class AwaySigner final : public Signer {
 public:
  absl::StatusOr<Bytes> Sign(ByteView) override { return Error(ErrorCode::kCryptoUnavailable); }
  Bytes PublicPoint() const override { return Bytes(65, '\4'); }
};

Head SampleHead() {
  return {{Code("370826"), {1}},
          156'252,
          Sm3Of({"root"}),
          *Instant::ParseCanonical("2026-11-22T08:12:03.123Z")};
}

Note SampleNote(Signer& signer) {
  const Head head = SampleHead();
  Note note = *SignHead(head, signer);
  const Instant later = head.at + Duration(1'234);
  for (const StatementKind kind : {StatementKind::kSeen, StatementKind::kHeld}) {
    note.signatures.push_back(
        *SignStatement(head, kind, Code("370800"), kProfileIntl, later, signer));
  }
  return note;
}

std::string SampleText() {
  FormSigner signer;
  return SampleNote(signer).Text();
}

// `text` with the first `from` replaced; fails the test if it is not there.
std::string With(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

void ExpectRefused(std::string_view text, std::string_view why) {
  const auto note = ParseNote(text);
  ASSERT_FALSE(note.ok()) << why << "\n" << text;
  EXPECT_EQ(CodeOf(note.status()), ErrorCode::kCryptoNote) << why;
}

TEST(Note, TextIsAsSpecified) {
  const Head head = SampleHead();
  EXPECT_EQ(head.Text(), Cat("tongjian/node/370826/1\n156252\n", Base64Encode(head.root.view()),
                             "\n2026-11-22T08:12:03.123Z\n"));
  FormSigner signer;
  const Note note = SampleNote(signer);
  const auto id = [](const NodeCode& code) {
    const Hash hash = Sm3Of({code.text(), "\n", "\xff", "tongjian/sm2", Bytes(65, '\4')});
    return Bytes(hash.view().substr(0, 4));
  };
  const Bytes der = HexDecode("3006020111020122").value();
  const Bytes time = HexDecode("000001a2024ff585").value();
  EXPECT_EQ(note.signatures[1].at.Text(), "2026-11-22T08:12:04.357Z");
  EXPECT_EQ(note.Text(),
            Cat(head.Text(), "\n", "— 370826 ", Base64Encode(id(Code("370826")) + der), "\n",
                "— 370800/seen ", Base64Encode(Cat(id(Code("370800")), '\1', time, der)), "\n",
                "— 370800/held ", Base64Encode(Cat(id(Code("370800")), '\1', time, der)), "\n"));
}

TEST(Note, SignedTextIsAsSpecified) {
  const Head head = SampleHead();
  const Instant at = *Instant::ParseCanonical("2026-11-22T08:12:04.000Z");
  const auto text = [&](StatementKind kind) {
    return SignedText(head, kind, Code("370800"), 1, at);
  };
  EXPECT_EQ(text(StatementKind::kOrigin), head.Text());
  EXPECT_EQ(text(StatementKind::kSeen),
            "tongjian/seen/v1\n2026-11-22T08:12:04.000Z\n370800\n1\n" + head.Text());
  EXPECT_EQ(text(StatementKind::kHeld),
            "tongjian/held/v1\n2026-11-22T08:12:04.000Z\n370800\n1\n" + head.Text());
}

TEST(Note, RoundTripsWhateverItSigns) {
  std::mt19937_64 random(7);
  FormSigner signer;
  const std::vector<std::string> codes = {"370826", "370826001", "370826-003", "370826001-999"};
  for (int i = 0; i < 500; ++i) {
    const auto code = [&] { return Code(codes[random() % codes.size()]); };
    // All lengths of numbers, times from 1900 to 2999.
    const auto time = [&] {
      return Instant{static_cast<int64_t>(random() % 34'712'668'800'000) - 2'208'988'800'000};
    };
    Head head{{code(), {static_cast<uint32_t>(1 + (random() >> (32 + random() % 31)))}},
              random() >> (1 + random() % 63),
              Sm3Of({Cat(i)}),
              time()};
    Note note = *SignHead(head, signer);
    if (random() % 4 == 0) note.signatures.clear();  // a statement alone
    for (const std::string& cosigner : codes) {
      if (random() % 2 == 0 && !note.signatures.empty()) continue;
      const auto kind = random() % 2 == 0 ? StatementKind::kSeen : StatementKind::kHeld;
      note.signatures.push_back(*SignStatement(
          head, kind, Code(cosigner), static_cast<uint8_t>(1 + random() % 255), time(), signer));
    }
    const std::string text = note.Text();
    const auto parsed = ParseNote(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status() << "\n" << text;
    EXPECT_EQ(parsed->Text(), text);
    EXPECT_EQ(parsed->head, head);
    ASSERT_EQ(parsed->signatures.size(), note.signatures.size());
    for (size_t k = 0; k < note.signatures.size(); ++k) {
      EXPECT_EQ(parsed->signatures[k].kind, note.signatures[k].kind);
      EXPECT_EQ(parsed->signatures[k].signer, note.signatures[k].signer);
      EXPECT_EQ(parsed->signatures[k].key_id, note.signatures[k].key_id);
      EXPECT_EQ(parsed->signatures[k].profile, note.signatures[k].profile);
      EXPECT_EQ(parsed->signatures[k].at, note.signatures[k].at);
      EXPECT_EQ(parsed->signatures[k].der, note.signatures[k].der);
    }
  }
}

TEST(Note, FindsALine) {
  FormSigner signer;
  const Note note = SampleNote(signer);
  ASSERT_NE(note.Find(StatementKind::kHeld, Code("370800")), nullptr);
  EXPECT_EQ(note.Find(StatementKind::kHeld, Code("370800")), &note.signatures[2]);
  EXPECT_EQ(note.Find(StatementKind::kOrigin, Code("370826")), &note.signatures[0]);
  EXPECT_EQ(note.Find(StatementKind::kSeen, Code("370826")), nullptr);
  EXPECT_EQ(note.Find(StatementKind::kOrigin, Code("370800")), nullptr);
}

TEST(ParseNote, RefusesOtherHeads) {
  const std::string text = SampleText();
  ASSERT_TRUE(ParseNote(text).ok());
  const std::string root = Base64Encode(SampleHead().root.view());
  const std::map<std::string, std::string> refused = {
      {"empty", ""},
      {"name", With(text, "tongjian/node/", "tongjian/Node/")},
      {"no name", With(text, "tongjian/node/", "")},
      {"space", " " + text},
      {"node code", With(text, "370826/1", "37082/1")},
      {"epoch 0", With(text, "370826/1", "370826/0")},
      {"epoch with zero", With(text, "370826/1", "370826/01")},
      {"epoch too large", With(text, "370826/1", "370826/4294967296")},
      {"size with zero", With(text, "\n156252\n", "\n0156252\n")},
      {"size 00", With(text, "\n156252\n", "\n00\n")},
      {"size empty", With(text, "\n156252\n", "\n\n")},
      {"size negative", With(text, "\n156252\n", "\n-1\n")},
      {"size with plus", With(text, "\n156252\n", "\n+1\n")},
      {"size with space", With(text, "\n156252\n", "\n156252 \n")},
      {"size hex", With(text, "\n156252\n", "\n0x10\n")},
      {"size 2^63", With(text, "\n156252\n", "\n9223372036854775808\n")},
      {"size 2^64", With(text, "\n156252\n", "\n18446744073709551616\n")},
      {"root short", With(text, root, Base64Encode(Bytes(31, 'x')))},
      {"root long", With(text, root, Base64Encode(Bytes(33, 'x')))},
      {"root without padding", With(text, root, root.substr(0, root.size() - 1))},
      {"root with spare bits", With(text, root, Cat(root.substr(0, 42), "9="))},
      {"root with space", With(text, root, root + " ")},
      {"root url base64", With(text, root, std::string(42, '_') + "8=")},
      {"time without ms", With(text, "03.123Z", "03Z")},
      {"time with offset", With(text, "03.123Z", "03.123+00:00")},
      {"time lower case", With(text, "03.123Z", "03.123z")},
      {"time in 1899", With(text, "2026-11-22", "1899-12-31")},
      {"time in 3000", With(text, "2026-11-22", "3000-01-01")},
      {"no such day", With(text, "2026-11-22", "2026-02-30")},
      {"leap second", With(text, "08:12:03", "08:11:60")},
      {"CR LF", With(text, "\n156252\n", "\r\n156252\r\n")},
      {"CR LF everywhere", With(With(text, "/1\n", "/1\r\n"), "123Z\n", "123Z\r\n")},
      {"extension line", With(text, "123Z\n\n", "123Z\nextension\n\n")},
      {"no empty line", With(text, "123Z\n\n", "123Z\n")},
      {"two empty lines", With(text, "123Z\n\n", "123Z\n\n\n")},
      {"NUL", With(text, "\n156252\n", std::string("\n156252\0\n", 9))},
      {"byte order mark", "\xef\xbb\xbf" + text},
      {"head only", SampleHead().Text()},
      {"head and empty line only", SampleHead().Text() + "\n"},
  };
  for (const auto& [why, bad] : refused) ExpectRefused(bad, why);
}

TEST(ParseNote, RefusesOtherLines) {
  const std::string text = SampleText();
  const std::string line = text.substr(text.find("— "));  // all three lines
  const std::string last = text.substr(text.rfind("— "));
  const std::map<std::string, std::string> refused = {
      {"hyphen", With(text, "— 370826", "- 370826")},
      {"en dash", With(text, "— 370826", "– 370826")},
      {"dash without space", With(text, "— 370826", "—370826")},
      {"two spaces", With(text, "— 370826 ", "— 370826  ")},
      {"tab", With(text, "— 370826 ", "— 370826\t")},
      {"no signature", With(text, line, "— 370826\n")},
      {"empty signature", With(text, line, "— 370826 \n")},
      {"other signer of the head", With(text, "— 370826 ", "— 370827 ")},
      {"kind", With(text, "/seen ", "/Seen ")},
      {"unknown kind", With(text, "/seen ", "/felt ")},
      {"two kinds", With(text, "/seen ", "/seen/held ")},
      {"kind of nobody", With(text, "370800/seen ", "/seen ")},
      {"signer", With(text, "370800/seen ", "37080x/seen ")},
      {"space at the end", With(text, last, last.substr(0, last.size() - 1) + " \n")},
      {"no LF at the end", text.substr(0, text.size() - 1)},
      {"line after", text + "\n"},
      {"text after", text + "x\n"},
      {"byte after", text + "x"},
      {"NUL after", text + std::string(1, '\0')},
      {"same line twice", text + last},
      {"statement as origin", With(text, "370800/seen ", "370826 ")},
      {"origin as statement", With(text, "— 370826 ", "— 370826/seen ")},
  };
  for (const auto& [why, bad] : refused) ExpectRefused(bad, why);
}

// A head with one `seen` line over these bytes after the key id.
std::string WithStatement(ByteView after_key_id) {
  return Cat(SampleHead().Text(), "\n— 370800/seen ", Base64Encode(Cat("kkkk", after_key_id)),
             "\n");
}

TEST(ParseNote, RefusesOtherStatements) {
  const Bytes der = Der("\x11", "\x22");
  const auto time = [](std::string_view hex) { return *HexDecode(hex); };
  const Bytes now = time("000001a2024ff585");
  EXPECT_TRUE(ParseNote(WithStatement(Cat('\1', now, der))).ok());
  EXPECT_TRUE(ParseNote(WithStatement(Cat('\xff', now, der))).ok());
  ExpectRefused(WithStatement(Cat('\0', now, der)), "profile 0");
  ExpectRefused(WithStatement(""), "nothing");
  ExpectRefused(WithStatement("\1"), "profile alone");
  ExpectRefused(WithStatement(Cat('\1', now.substr(1))), "short time");
  ExpectRefused(WithStatement(Cat('\1', now)), "no signature");
  // 1900-01-01 and the millisecond before, 2999-12-31T23:59:59.999 and the millisecond after.
  EXPECT_TRUE(ParseNote(WithStatement(Cat('\1', time("fffffdfdae01dc00"), der))).ok());
  ExpectRefused(WithStatement(Cat('\1', time("fffffdfdae01dbff"), der)), "1899");
  EXPECT_TRUE(ParseNote(WithStatement(Cat('\1', time("00001d8fda4cdfff"), der))).ok());
  ExpectRefused(WithStatement(Cat('\1', time("00001d8fda4ce000"), der)), "3000");
  ExpectRefused(WithStatement(Cat('\1', time("7fffffffffffffff"), der)), "far future");
  ExpectRefused(WithStatement(Cat('\1', time("8000000000000000"), der)), "far past");
}

TEST(ParseNote, TakesCanonicalDerOnly) {
  const auto note = [](ByteView der) {
    return Cat(SampleHead().Text(), "\n— 370826 ", Base64Encode(Cat("kkkk", der)), "\n");
  };
  const Bytes high(32, '\xff');
  const Bytes full = '\0' + high;
  EXPECT_TRUE(ParseNote(note(Der("\1", "\1"))).ok());
  EXPECT_TRUE(ParseNote(note(Der("\x7f", "\x7f"))).ok());
  EXPECT_TRUE(ParseNote(note(Der(std::string("\0\x80", 2), "\1"))).ok());
  EXPECT_TRUE(ParseNote(note(Der(full, full))).ok());
  EXPECT_EQ(Der(full, full).size(), limits::kSignatureBytesMax);

  const Bytes zero(1, '\0');
  const Bytes fine = Der("\1", "\2");
  const std::map<std::string, Bytes> refused = {
      {"empty", ""},
      {"tag alone", "\x30"},
      {"no integers", std::string("\x30\0", 2)},
      {"r is zero", Der(zero, "\1")},
      {"s is zero", Der("\1", zero)},
      {"r is empty", Der("", "\1")},
      {"r is negative", Der("\x80", "\1")},
      {"s is negative", Der("\1", high)},
      {"r with a needless zero", Der(std::string("\0\x7f", 2), "\1")},
      {"s with a needless zero", Der("\1", std::string("\0\1", 2))},
      {"r of 33 bytes", Der(Bytes(33, '\1'), "\1")},
      {"r of 34 bytes", Der('\0' + Bytes(33, '\xff'), "\1")},
      {"set for sequence", With(fine, "\x30", "\x31")},
      {"boolean for integer", With(fine, "\x02\1\1", "\1\1\1")},
      {"three integers", Cat("\x30\x09\x02\1\1\x02\1\1", "\x02\1\1")},
      {"one integer", "\x30\x03\x02\1\1"},
      {"long form of a length", Cat("\x30\x81\x06", fine.substr(2))},
      {"long form within", Cat("\x30\x07\x02\x81\1\1\x02\1\2")},
      {"indefinite length", Cat("\x30\x80", fine.substr(2), zero, zero)},
      {"byte after", fine + zero},
      {"byte after, counted", Cat("\x30\x07", fine.substr(2), zero)},
      {"cut", fine.substr(0, fine.size() - 1)},
      {"cut, counted", Cat("\x30\x05", fine.substr(2, 5))},
      {"length of s beyond the end", "\x30\x06\x02\1\1\x02\2\1"},
  };
  for (const auto& [why, der] : refused) ExpectRefused(note(der), why);
}

TEST(ParseNote, KeepsToItsLimits) {
  const Bytes der = Der('\0' + Bytes(32, '\xff'), '\0' + Bytes(32, '\xff'));
  std::string text = SampleHead().Text() + "\n";
  for (size_t i = 0; i < limits::kNoteSignaturesMax; ++i) {
    const std::string key_id = Cat("key", static_cast<char>('a' + i));
    text += Cat("— 370826 ", Base64Encode(key_id + der), "\n");
  }
  EXPECT_TRUE(ParseNote(text).ok());  // the longest lines, as many as there may be
  ExpectRefused(Cat(text, "— 370826 ", Base64Encode("keyZ" + der), "\n"), "17 lines");

  std::string longest = SampleText();
  longest.resize(limits::kNoteBytesMax + 1, ' ');
  const auto note = ParseNote(longest);
  ASSERT_FALSE(note.ok());
  EXPECT_EQ(DetailOf(note.status()), "too long");
}

TEST(ParseNote, SizesUpTo63Bits) {
  for (const std::string_view size : {"0", "1", "9", "10", "9223372036854775807"}) {
    const auto note = ParseNote(With(SampleText(), "\n156252\n", Cat("\n", size, "\n")));
    ASSERT_TRUE(note.ok()) << size;
    EXPECT_EQ(Cat(note->head.size), size);
  }
}

TEST(Note, SignsNothingThatCannotBeParsed) {
  FormSigner signer;
  Head head = SampleHead();
  head.size = uint64_t{1} << 63;
  EXPECT_EQ(CodeOf(SignHead(head, signer).status()), ErrorCode::kCryptoNote);
  head = SampleHead();
  head.at = Instant{INT64_MAX};
  EXPECT_EQ(CodeOf(SignHead(head, signer).status()), ErrorCode::kCryptoNote);
  const auto line = SignStatement(SampleHead(), StatementKind::kSeen, Code("370800"), kProfileIntl,
                                  Instant{INT64_MIN}, signer);
  EXPECT_EQ(CodeOf(line.status()), ErrorCode::kCryptoNote);
  AwaySigner away;
  EXPECT_EQ(CodeOf(SignHead(SampleHead(), away).status()), ErrorCode::kCryptoUnavailable);
}

class SignedNote : public testing::Test {
 protected:
  SignedNote() {
    KeySigner origin(origin_key_);
    KeySigner parent(parent_key_);
    const Head head = SampleHead();
    note_ = *SignHead(head, origin);
    for (const StatementKind kind : {StatementKind::kSeen, StatementKind::kHeld}) {
      note_->signatures.push_back(*SignStatement(head, kind, Code("370800"), kProfileIntl,
                                                 head.at + Duration(1'000), parent));
    }
  }

  // Every line by the key of its signer.
  absl::Status VerifyAll(const Note& note) const {
    for (const NoteSignature& line : note.signatures) {
      const Sm2PrivateKey& key = line.signer == Code("370826") ? origin_key_ : parent_key_;
      const absl::Status status = VerifySignature(note.head, line, key.Public());
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  const Sm2PrivateKey origin_key_ = *Sm2PrivateKey::Generate();
  const Sm2PrivateKey parent_key_ = *Sm2PrivateKey::Generate();
  std::optional<Note> note_;
};

TEST_F(SignedNote, Verifies) {
  const auto parsed = ParseNote(note_->Text());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const auto status = VerifyAll(*parsed);
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(SignedNote, AnyFlippedBitIsRefused) {
  const std::string text = note_->Text();
  for (size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = text;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      const auto note = ParseNote(bad);
      if (!note.ok()) continue;
      // The names of signers that are not ours have no key here: as another signer's line it is by
      // an unknown key.
      ASSERT_FALSE(VerifyAll(*note).ok()) << "bit " << bit << " of byte " << i << "\n" << bad;
    }
  }
}

TEST_F(SignedNote, AnyCutIsRefusedOrHasWholeLines) {
  const std::string text = note_->Text();
  size_t accepted = 0;
  for (size_t n = 0; n < text.size(); ++n) accepted += ParseNote(text.substr(0, n)).ok() ? 1 : 0;
  EXPECT_EQ(accepted, 2u);  // after the first and after the second line
}

TEST_F(SignedNote, ALineIsGoodForItsPlaceOnly) {
  const auto refuse = [&](const Head& head, const NoteSignature& line, const Sm2PrivateKey& key) {
    const auto status = VerifySignature(head, line, key.Public());
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(CodeOf(status), ErrorCode::kCryptoSignature);
  };
  const Head& head = note_->head;
  const NoteSignature& origin = note_->signatures[0];
  const NoteSignature& seen = note_->signatures[1];
  ASSERT_TRUE(VerifySignature(head, seen, parent_key_.Public()).ok());
  refuse(head, origin, parent_key_);
  refuse(head, seen, origin_key_);

  NoteSignature line = seen;
  line.kind = StatementKind::kHeld;
  refuse(head, line, parent_key_);
  line = seen;
  line.at = line.at + Duration(1);
  refuse(head, line, parent_key_);
  line = seen;
  line.profile = 2;
  refuse(head, line, parent_key_);
  line = seen;
  line.signer = Code("370801");
  line.key_id = KeyId(line.signer, parent_key_.Public().Point());
  refuse(head, line, parent_key_);
  line = origin;
  line.signer = Code("370800");  // signs the head's bare text for a ledger that is not his
  line.key_id = KeyId(line.signer, origin_key_.Public().Point());
  refuse(head, line, origin_key_);

  for (const auto& change : std::vector<std::function<void(Head&)>>{
           [](Head& h) { h.size += 1; }, [](Head& h) { h.root.data[0] ^= 1; },
           [](Head& h) { h.at = h.at + Duration(1); }, [](Head& h) { h.ledger.epoch.value = 2; }}) {
    Head other = head;
    change(other);
    refuse(other, origin, origin_key_);
    refuse(other, seen, parent_key_);
  }
}

}  // namespace
}  // namespace tj::crypto
