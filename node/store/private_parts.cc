#include "node/store/private_parts.h"

#include <cstring>
#include <filesystem>
#include <system_error>

#include "crypto/seal.h"
#include "crypto/sm3.h"
#include "node/store/checked_value.h"
#include "node/store/durable_file.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"

namespace tj::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPepperName = "pepper";
constexpr std::string_view kKeySuffix = ".key";
constexpr size_t kMonthChars = 7;

std::string MonthOf(Instant at) { return at.BeijingDate().Text().substr(0, kMonthChars); }

// Stored text becomes part of a path: it must be a month and nothing else.
bool IsMonth(std::string_view text) { return CivilDate::Parse(Cat(text, "-01")).ok(); }

std::string FileOf(std::string_view month) { return Cat(month, kKeySuffix); }

Bytes ContextOf(wire::PrivateKind kind, ByteView salt) {
  return Bytes(1, static_cast<char>(kind)).append(salt);
}

struct Sealed {
  std::string month;
  ByteView box;  // borrowed: what crypto::Seal made
};

absl::StatusOr<Sealed> ParseSealed(ByteView context, ByteView sealed) {
  const auto checked = DecodeChecked(context, sealed);
  if (!checked.ok()) return Error(ErrorCode::kCryptoSeal, "private part does not fit its check");
  wire::Reader reader(*checked);
  const std::string month(reader.Prefixed(kMonthChars));
  if (!reader.ok() || !IsMonth(month)) {
    return Error(ErrorCode::kCryptoSeal, "private part names no month");
  }
  return Sealed{month, reader.Raw(reader.remaining())};
}

bool HoldsMonths(const std::string& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == kKeySuffix) return true;
  }
  return false;
}

}  // namespace

class PrivateKeys::Secret {
 public:
  explicit Secret(Bytes bytes) : bytes_(std::move(bytes)) {}
  ~Secret() { explicit_bzero(bytes_.data(), bytes_.size()); }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ByteView bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

PrivateKeys::PrivateKeys(std::string folder, const Secret& pepper)
    : folder_(std::move(folder)), pepper_(pepper.bytes()) {}

PrivateKeys::~PrivateKeys() = default;

absl::StatusOr<std::unique_ptr<PrivateKeys>> PrivateKeys::Open(const std::string& folder) {
  TJ_RETURN_IF_ERROR(MakePrivateFolder(folder));
  return Make(folder, /*create=*/true);
}

absl::StatusOr<std::unique_ptr<PrivateKeys>> PrivateKeys::OpenExisting(const std::string& folder) {
  return Make(folder, /*create=*/false);
}

absl::StatusOr<std::unique_ptr<PrivateKeys>> PrivateKeys::Make(const std::string& folder,
                                                               bool create) {
  TJ_ASSIGN_OR_RETURN(std::unique_ptr<const Secret> pepper, Load(folder, kPepperName));
  if (pepper == nullptr && HoldsMonths(folder)) {
    return Error(ErrorCode::kStoreCorrupt, Cat(folder, " holds keys of months but no pepper"));
  }
  if (pepper == nullptr && !create) {
    return Error(ErrorCode::kStoreAbsent, Cat(folder, "/", kPepperName));
  }
  if (pepper == nullptr) {
    TJ_ASSIGN_OR_RETURN(pepper, Create(folder, kPepperName));
  }
  return std::unique_ptr<PrivateKeys>(new PrivateKeys(folder, *pepper));
}

absl::StatusOr<std::unique_ptr<const PrivateKeys::Secret>> PrivateKeys::Load(
    const std::string& folder, std::string_view name) {
  const std::string path = Cat(folder, "/", name);
  TJ_ASSIGN_OR_RETURN(std::optional<Bytes> bytes, ReadSmallFile(path, crypto::kSealKeyBytes));
  if (!bytes) return nullptr;
  auto secret = std::make_unique<const Secret>(*std::move(bytes));
  if (secret->bytes().size() != crypto::kSealKeyBytes) {
    return Error(ErrorCode::kStoreCorrupt, Cat(path, " is too short for a key"));
  }
  return secret;
}

absl::StatusOr<std::unique_ptr<const PrivateKeys::Secret>> PrivateKeys::Create(
    const std::string& folder, std::string_view name) {
  auto secret = std::make_unique<const Secret>(crypto::RandomBytes(crypto::kSealKeyBytes));
  TJ_RETURN_IF_ERROR(WriteDurably(folder, name, secret->bytes()));
  return secret;
}

absl::StatusOr<std::shared_ptr<const PrivateKeys::Secret>> PrivateKeys::ExistingMonth(
    const std::string& month) const {
  // The file decides, even when its key is in memory: destroying it is meant.
  std::error_code error;
  const bool there = fs::exists(Cat(folder_, "/", FileOf(month)), error);
  const std::lock_guard lock(mutex_);
  if (!there && !error) months_.erase(month);
  const auto known = months_.find(month);
  if (known != months_.end()) return known->second;
  TJ_ASSIGN_OR_RETURN(std::shared_ptr<const Secret> key, Load(folder_, FileOf(month)));
  if (key != nullptr) months_[month] = key;
  return key;
}

absl::StatusOr<std::shared_ptr<const PrivateKeys::Secret>> PrivateKeys::MonthForSealing(
    const std::string& month) {
  const std::lock_guard lock(mutex_);
  const auto known = months_.find(month);
  if (known != months_.end()) return known->second;
  TJ_ASSIGN_OR_RETURN(std::shared_ptr<const Secret> key, Load(folder_, FileOf(month)));
  if (key == nullptr) {
    TJ_ASSIGN_OR_RETURN(key, Create(folder_, FileOf(month)));
  }
  months_[month] = key;
  return key;
}

absl::StatusOr<SealedPart> PrivateKeys::SealPart(wire::PrivateKind kind, ByteView salt,
                                                 ByteView part, Instant at) {
  const std::string month = MonthOf(at);
  TJ_ASSIGN_OR_RETURN(const auto key, MonthForSealing(month));
  const Bytes context = ContextOf(kind, salt);
  Bytes sealed;
  wire::Writer writer(sealed);
  writer.Prefixed(month);
  writer.Raw(crypto::Seal(key->bytes(), context, part));
  return SealedPart{kind, Bytes(salt), EncodeChecked(context, sealed)};
}

absl::StatusOr<Bytes> PrivateKeys::OpenPart(wire::PrivateKind kind, ByteView salt,
                                            ByteView sealed) const {
  const Bytes context = ContextOf(kind, salt);
  TJ_ASSIGN_OR_RETURN(const Sealed parts, ParseSealed(context, sealed));
  TJ_ASSIGN_OR_RETURN(const auto key, ExistingMonth(parts.month));
  if (key == nullptr) return Error(ErrorCode::kStoreAbsent, Cat("the key of ", parts.month));
  return crypto::Unseal(key->bytes(), context, parts.box);
}

absl::Status PrivateKeys::CheckSealed(wire::PrivateKind kind, ByteView salt, ByteView sealed) {
  return ParseSealed(ContextOf(kind, salt), sealed).status();
}

Hash PrivateKeys::Peppered(std::string_view purpose, std::initializer_list<ByteView> pieces) const {
  Bytes text(purpose);
  text.push_back('\0');
  wire::Writer writer(text);
  for (const ByteView piece : pieces) {
    writer.U64(piece.size());
    writer.Raw(piece);
  }
  const Hash digest = pepper_.Of({text});
  explicit_bzero(text.data(), text.size());  // may hold names
  return digest;
}

}  // namespace tj::store
