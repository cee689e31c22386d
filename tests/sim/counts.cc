#include "tests/sim/counts.h"

#include <charconv>

#include "protocol/vocab/text.h"
#include "sync/core/output.h"

namespace tj::sim {
namespace {

// What a long run must have met, beside each event of a session.
constexpr std::string_view kKnown[] = {
    "fault clock: drift",
    "fault clock: step back",
    "fault clock: step forward",
    "fault clock: step of hours",
    "fault crash: at rest",
    "fault crash: power cut while writing",
    "fault crash: unsynced writes forgotten",
    "fault disk full: a write refused",
    "fault disk: a write failed",
    "fault disk: an earlier copy",
    "fault disk: a write to the projections failed",
    "fault disk: projections deleted",
    "fault keys: a new signing key",
    "fault net: delay",
    "fault net: frame doubled",
    "fault net: frame dropped",
    "fault net: frame overtaken",
    "fault net: frame spoilt",
    "fault net: one-way partition",
    "fault net: slow link",
    "fault net: slow reader",
    "fault net: stopped in the middle of a frame",
    "fault net: stream cut",
    "fault net: stream half open",
    "fault net: two-way partition",
    "fault serving: bodies withheld",
    "fault origin: another history for one child",
    "fault origin: two heads of one size",
    "fault signer: away",
    "fault source: the same again",
    "fault source: the same name, other content",
    "fault stop: orderly",
    "frame credit",
    "frame head",
    "frame held",
    "frame hello",
    "frame open",
    "frame opened",
    "frame ping",
    "frame refuse",
    "frame seen",
    "frame segment",
    "state a failed write is not there",
    "state a failed write is there all the same",
    "state addressed: a digest for another",
    "state addressed: a digest for its reader",
    "state addressed: opened",
    "state addressed: with its body",
    "state bulk over a slow line",
    "state bulk waits for the transport",
    "state segment loaded before its turn",
    "state a split's child has seen",
    "state clock not believed",
    "state commit of several requests",
    "state database opened again",
    "state digests for want of audience",
    "state fork proven",
    "state head repeated",
    "state heads of children told",
    "state lost records taken back",
    "state newer stream replaces the older",
    "state opened after a peer's word",
    "state opened after the wait",
    "state persist failed under a session",
    "state projection rebuilt",
    "state segment of several pieces merged",
    "state segment passed on by a relay",
    "state restart recorded",
    "state session ended by silence",
    "state set-back disk noticed",
    "state statement passed on",
    "state statement said again",
    "state split found",
    "state started from nothing",
    "state started over what is there",
    "state summary revised",
};

}  // namespace

Counts::Counts() {
  for (const std::string_view name : kKnown) counts_.emplace(name, 0);
  for (int kind = 0;; ++kind) {
    const std::string_view name = sync::EventName(static_cast<sync::Event::Kind>(kind));
    if (name == "unknown") break;
    counts_.emplace(Cat("event ", name), 0);
  }
}

void Counts::Add(std::string_view name, uint64_t n) {
  const auto found = counts_.find(name);
  if (found != counts_.end()) {
    found->second += n;
  } else {
    counts_.emplace(name, n);
  }
}

void Counts::Merge(const Counts& other) {
  for (const auto& [name, n] : other.counts_) Add(name, n);
}

uint64_t Counts::Of(std::string_view name) const {
  const auto found = counts_.find(name);
  return found == counts_.end() ? 0 : found->second;
}

uint64_t Counts::Sum(std::string_view prefix) const {
  uint64_t sum = 0;
  for (auto at = counts_.lower_bound(prefix);
       at != counts_.end() && at->first.compare(0, prefix.size(), prefix) == 0; ++at) {
    sum += at->second;
  }
  return sum;
}

std::string Counts::Text() const {
  std::string text;
  for (const auto& [name, n] : counts_) text += Cat(name, "\t", n, "\n");
  return text;
}

std::string Counts::Never() const {
  std::string names;
  for (const std::string_view name : kKnown) {
    if (Of(name) == 0) names += Cat(name, "\n");
  }
  return names;
}

void Counts::Take(std::string_view line) {
  const size_t tab = line.find('\t');
  if (tab == std::string_view::npos) return;
  uint64_t n = 0;
  std::from_chars(line.data() + tab + 1, line.data() + line.size(), n);
  Add(line.substr(0, tab), n);
}

}  // namespace tj::sim
