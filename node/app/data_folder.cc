#include "node/app/data_folder.h"

#include <filesystem>
#include <optional>

#include "node/app/fsck_reply.h"
#include "node/app/identity.h"
#include "node/store/durable_file.h"
#include "node/store/fsck.h"
#include "node/store/head_file.h"
#include "node/store/private_parts.h"
#include "node/store/truth.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::app {
namespace {

namespace fs = std::filesystem;

// There while `init` is at work.
constexpr char kMark[] = "unfinished";

bool Marked(const Config& config) {
  std::error_code error;
  return fs::exists(fs::path(config.data_folder) / kMark, error) || error;
}

}  // namespace

absl::Status InitDataFolder(const Config& config) {
  const std::string& folder = config.data_folder;
  std::error_code error;
  if (!Marked(config) && fs::exists(fs::path(folder) / "ledger", error)) {
    return Error(ErrorCode::kExists, folder);
  }
  fs::create_directories(folder, error);
  if (!error) fs::permissions(folder, fs::perms(0750), error);
  if (error) return Error(ErrorCode::kFile, Cat(folder, ": ", error.message()));
  TJ_RETURN_IF_ERROR(store::WriteDurably(folder, kMark, {}));
  TJ_RETURN_IF_ERROR(store::PrivateKeys::Open(folder + "/private-keys").status());
  const SystemClock clock;
  TJ_RETURN_IF_ERROR(
      store::Truth::Open({.folder = folder, .own = {config.code, config.epoch}, .clock = &clock})
          .status());
  return store::RemoveDurably(folder, kMark);
}

absl::Status CheckDataFolder(const Config& config) {
  if (!fs::is_directory(config.data_folder)) {
    return Error(ErrorCode::kFile,
                 Cat(config.data_folder, ": no such folder; run tongjianctl init first"));
  }
  if (Marked(config)) {
    return Error(ErrorCode::kFile,
                 Cat(config.data_folder, ": init was interrupted; run tongjianctl init again"));
  }
  // The names of inputs and the folds in it are those of the ledger that was written there.
  const auto head = store::ReadHeadFile(config.data_folder);
  if (head.ok() && *head && (*head)->ledger.epoch < config.epoch) {
    return Error(ErrorCode::kConfig,
                 Cat(config.data_folder, " is of ", (*head)->ledger.Text(),
                     ": keep it under another name, and run tongjianctl init for epoch ",
                     config.epoch.value));
  }
  return absl::OkStatus();
}

absl::StatusOr<api::FsckReply> FsckDataFolder(const Config& config,
                                              const crypto::TrustStore& trust) {
  TJ_RETURN_IF_ERROR(CheckDataFolder(config));
  store::FsckOptions options;
  options.trust = &trust;
  // Without them everything else is still checked, and the report says so.
  const auto keys = store::PrivateKeys::OpenExisting(config.data_folder + "/private-keys");
  if (keys.ok()) options.private_keys = keys->get();
  if (!keys.ok() && CodeOf(keys.status()) != ErrorCode::kStoreAbsent) return keys.status();
  const auto identity = LoadIdentity(config);
  std::optional<crypto::AddressBook> addresses;
  if (identity.ok()) {
    TJ_ASSIGN_OR_RETURN(addresses, AddressesOf(trust, config.code, *identity));
    options.addresses = &*addresses;
  }
  TJ_ASSIGN_OR_RETURN(const store::FsckReport report,
                      store::FsckFolder(config.data_folder, options));
  return ToReply(report);
}

}  // namespace tj::app
