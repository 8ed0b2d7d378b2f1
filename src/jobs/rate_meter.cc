#include "jobs/rate_meter.h"

namespace pgkeep::jobs {
namespace {

constexpr Duration kSpanMin = std::chrono::seconds(1);
constexpr Duration kTimeMax = std::chrono::hours(100 * 24);
// Looks are several a second; closer ones add nothing to the average.
constexpr Duration kSpacing = std::chrono::milliseconds(100);

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

void RateMeter::Add(Duration now, uint64_t count) {
  if (!readings_.empty() && count < readings_.back().count) readings_.clear();
  if (readings_.size() > 1 && now - readings_[readings_.size() - 2].time < kSpacing) {
    readings_.back() = {now, count};
  } else {
    readings_.push_back({now, count});
  }
  // The oldest that stays is the last one outside of the window, so that all of it is covered.
  while (readings_.size() > 2 && now - readings_[1].time >= kWindow) readings_.pop_front();
}

std::optional<double> RateMeter::PerSecond() const {
  if (readings_.empty()) return std::nullopt;
  const Duration span = readings_.back().time - readings_.front().time;
  if (span < kSpanMin) return std::nullopt;
  return static_cast<double>(readings_.back().count - readings_.front().count) / Seconds(span);
}

std::optional<Duration> RateMeter::TimeFor(uint64_t remaining) const {
  const std::optional<double> rate = PerSecond();
  if (!rate || *rate <= 0) return std::nullopt;
  const double seconds = static_cast<double>(remaining) / *rate;
  if (seconds > Seconds(kTimeMax)) return std::nullopt;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace pgkeep::jobs
