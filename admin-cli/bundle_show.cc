#include "admin-cli/bundle_show.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "admin-cli/files.h"
#include "crypto/bundle_file.h"
#include "crypto/certificate.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"
#include "protocol/wire/control.pb.h"

namespace tj::cli {
namespace {

namespace api = ::tj::control::v1;

constexpr size_t kPieceBytes = 1024 * 1024;

struct Options {
  std::string file;
  std::string key;
  std::string passphrase_file;
  std::string certificate;
};

absl::StatusOr<crypto::Sm2PrivateKey> LoadKey(const Options& options) {
  std::string passphrase;
  if (!options.passphrase_file.empty()) {
    TJ_ASSIGN_OR_RETURN(passphrase, ReadFile(options.passphrase_file));
    while (!passphrase.empty() && (passphrase.back() == '\n' || passphrase.back() == '\r')) {
      passphrase.pop_back();
    }
  }
  TJ_ASSIGN_OR_RETURN(const std::string pem, ReadFile(options.key));
  auto key = crypto::Sm2PrivateKey::FromPem(pem, passphrase);
  return key.ok() ? key : At(options.key, key.status());
}

void Describe(const crypto::BundlePreface& preface, api::BundleInfo& info) {
  info.set_sender(preface.sender.text());
  info.set_receiver(preface.receiver.text());
  info.set_made_at(preface.made_at.Text());
  info.set_part(preface.part);
}

void Describe(const crypto::SignedManifest& manifest, api::BundleInfo& info) {
  info.set_parts(manifest.manifest.parts);
  info.set_chunks(manifest.manifest.chunks);
  info.set_previous(manifest.manifest.previous.Hex());
  info.set_manifest(manifest.Text());
  for (const crypto::BundleRange& range : manifest.manifest.ranges) {
    api::BundleRangeInfo& out = *info.add_ranges();
    out.set_ledger(range.ledger.Text());
    out.set_first(range.first);
    out.set_end(range.end);
    out.set_head_size(range.head_size);
  }
}

// By the certificate given; whether that is the sender's to use is the trust list's business.
absl::Status CheckSignature(const crypto::SignedManifest& manifest, const Options& options) {
  TJ_ASSIGN_OR_RETURN(const std::string pem, ReadFile(options.certificate));
  const auto certificate = crypto::Certificate::FromPem(pem);
  if (!certificate.ok()) return At(options.certificate, certificate.status());
  if (certificate->Node() != manifest.manifest.sender) {
    return Error(ErrorCode::kCryptoSignature, Cat(options.certificate, ": not the sender's"));
  }
  TJ_ASSIGN_OR_RETURN(const crypto::Sm2PublicKey key, certificate->Sm2Key());
  return key.Verify(manifest.manifest.Text(), manifest.der, crypto::kSm2DefaultId);
}

absl::StatusOr<uint64_t> CountFrames(ByteView chunk) {
  wire::Reader frames(chunk);
  uint64_t count = 0;
  for (; frames.ok() && frames.remaining() > 0; ++count) frames.Prefixed(limits::kFrameBytesMax);
  if (!frames.ok()) return Error(ErrorCode::kSyncBundle, "a frame that is cut off");
  return count;
}

// Takes every chunk that is there; the first is the manifest.
absl::Status TakeChunks(crypto::BundleReader& reader, const Options& options,
                        api::BundleInfo& info) {
  while (true) {
    TJ_ASSIGN_OR_RETURN(const auto chunk, reader.Next());
    if (!chunk) return absl::OkStatus();
    if (chunk->kind != crypto::ChunkKind::kManifest) {
      TJ_ASSIGN_OR_RETURN(const uint64_t frames, CountFrames(chunk->plaintext));
      info.set_frames(info.frames() + frames);
      continue;
    }
    Describe(*reader.manifest(), info);
    if (options.certificate.empty()) continue;
    TJ_RETURN_IF_ERROR(CheckSignature(*reader.manifest(), options));
    info.set_signature("verified");
  }
}

absl::Status OpenWith(const crypto::Sm2PrivateKey& key, const crypto::BundlePreface& preface,
                      std::ifstream& file, const Options& options, api::BundleInfo& info) {
  crypto::BundleReader reader(preface.receiver, key);
  std::string piece(kPieceBytes, '\0');
  while (file) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    reader.Feed(ByteView(piece).substr(0, static_cast<size_t>(file.gcount())));
    TJ_RETURN_IF_ERROR(TakeChunks(reader, options, info));
  }
  TJ_RETURN_IF_ERROR(reader.Finish());
  info.set_whole(true);
  return absl::OkStatus();
}

absl::Status Look(const Options& options, api::BundleInfo& info) {
  std::ifstream file(options.file, std::ios::binary | std::ios::ate);
  if (!file) return Error(ErrorCode::kFile, Cat(options.file, ": ", std::strerror(errno)));
  info.set_bytes(static_cast<uint64_t>(file.tellg()));
  info.set_signature("not checked");
  file.seekg(0);
  std::string front(kPieceBytes, '\0');
  file.read(front.data(), static_cast<std::streamsize>(front.size()));
  front.resize(static_cast<size_t>(file.gcount()));
  TJ_ASSIGN_OR_RETURN(const auto preface, crypto::ParsePreface(front));
  if (!preface) return Error(ErrorCode::kSyncBundle, "the file is cut off");
  Describe(preface->preface, info);
  if (options.key.empty()) return absl::OkStatus();
  TJ_ASSIGN_OR_RETURN(const crypto::Sm2PrivateKey key, LoadKey(options));
  file.clear();
  file.seekg(0);
  return OpenWith(key, preface->preface, file, options, info);
}

void PrintText(const api::BundleInfo& info, bool opened) {
  std::printf("文件包 bundle  自 from %s  致 to %s  制于 made at %s\n", info.sender().c_str(),
              info.receiver().c_str(), info.made_at().c_str());
  if (!opened) {
    std::printf("  第 part %u  (密封; 用 --key 打开 sealed; open it with --key)\n", info.part());
    return;
  }
  std::printf("  第 part %u/%u  块 chunks %llu  帧 frames %llu  签名 signature %s\n", info.part(),
              info.parts(), static_cast<unsigned long long>(info.chunks()),
              static_cast<unsigned long long>(info.frames()), info.signature().c_str());
  for (const api::BundleRangeInfo& range : info.ranges()) {
    std::printf("  账本 ledger %s  记录 records %llu – %llu, 树头 head %llu\n",
                range.ledger().c_str(), static_cast<unsigned long long>(range.first()),
                static_cast<unsigned long long>(range.end()),
                static_cast<unsigned long long>(range.head_size()));
  }
  std::printf("  %s\n", info.whole() ? "完整 whole" : "不完整 not whole");
}

void Show(const Options& options, Context& context) {
  api::BundleInfo info;
  const absl::Status status = Look(options, info);
  if (!status.ok()) {
    const bool operation = CodeOf(status) == ErrorCode::kFile ||
                           CodeOf(status) == ErrorCode::kCryptoKey ||
                           CodeOf(status) == ErrorCode::kSyncBundleReceiver;
    return context.Fail(status, operation ? kExitFailed : kExitCheckFailed);
  }
  context.json() ? context.PrintJson(info) : PrintText(info, info.parts() > 0);
}

}  // namespace

void AddBundleShow(CLI::App* bundle, Context& context) {
  CLI::App* command = bundle->add_subcommand(
      "show",
      "查看文件包, 不需节点; 有私钥则逐块验证 look into a bundle without a node; with the "
      "receiver's key every chunk is checked\n"
      "例 example: tongjianctl bundle show 370826_370800_….tjb\n"
      "例 example: tongjianctl bundle show FILE --key enc.key --passphrase-file pass --certificate "
      "sign.pem");
  auto options = std::make_shared<Options>();
  command->add_option("file", options->file, "文件 file (*.tjb)")->required();
  command->add_option("--key", options->key, "接收方加密私钥 the receiver's encryption key (PEM)");
  command->add_option("--passphrase-file", options->passphrase_file,
                      "私钥口令文件 file with the key's passphrase");
  command->add_option("--certificate", options->certificate,
                      "发送方签名证书 the sender's signing certificate, to check the manifest");
  command->callback([options, &context] { Show(*options, context); });
}

}  // namespace tj::cli
