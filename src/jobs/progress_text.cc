#include "jobs/progress_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "base/display.h"

namespace pgkeep::jobs {
namespace {

constexpr size_t kBarMin = 10;     // cells of the shortest bar that is worth drawing
constexpr size_t kBarMax = 30;     // and of the longest
constexpr size_t kObjectMin = 12;  // columns below which a name says nothing
constexpr std::string_view kGap = "  ";

// The share that is done, where it can be told. An estimate that was too low is no total.
std::optional<double> DoneShare(const ProgressSnapshot& at) {
  if (!at.total_bytes || *at.total_bytes == 0 || at.bytes > *at.total_bytes) return std::nullopt;
  return static_cast<double>(at.bytes) / static_cast<double>(*at.total_bytes);
}

std::string PercentText(const ProgressSnapshot& at, double share) {
  // Rounded down: 100 % is for what is done.
  return fmt::format("{}{:.0f}%", at.total_is_estimate ? "~" : "", std::floor(share * 100));
}

// "1.2 GiB of ~2.3 GiB", or "12 of 40 objects", or nothing.
std::string AmountText(const ProgressSnapshot& at) {
  if (at.bytes > 0 || at.total_bytes) {
    if (!DoneShare(at)) return FormatBytes(at.bytes);
    return fmt::format("{} of {}{}", FormatBytes(at.bytes), at.total_is_estimate ? "~" : "",
                       FormatBytes(*at.total_bytes));
  }
  if (at.total_objects) return fmt::format("{} of {} objects", at.objects, *at.total_objects);
  if (at.objects > 0) {
    return fmt::format("{} object{}", at.objects, at.objects == 1 ? "" : "s");
  }
  return "";
}

std::string RateText(const ProgressView& view) {
  if (!view.bytes_per_second || *view.bytes_per_second < 0.5) return "";
  return FormatBytes(static_cast<uint64_t>(*view.bytes_per_second)) + "/s";
}

std::string EtaText(const ProgressView& view) {
  return view.remaining ? "ETA " + FormatDuration(*view.remaining) : "";
}

std::string Draw(double share, size_t cells) {
  const auto full = std::min(cells, static_cast<size_t>(share * static_cast<double>(cells)));
  return "[" + std::string(full, '#') + std::string(cells - full, '.') + "]";
}

// Parts of a line, which are added while there is room.
class Line {
 public:
  explicit Line(size_t columns) : room_(columns) {}

  // Adds the part at the end, or leaves it out as a whole. Returns whether it was added.
  bool Add(std::string_view part) {
    if (part.empty()) return false;
    const size_t gap = text_.empty() ? 0 : kGap.size();
    const size_t width = TextWidth(part) + gap;
    if (width > room_) return false;
    if (gap > 0) text_ += kGap;
    text_ += part;
    room_ -= width;
    return true;
  }

  // Columns for one more part.
  size_t room() const { return room_ > kGap.size() ? room_ - kGap.size() : 0; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  size_t room_;
};

std::string JsonString(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : Printable(text)) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

std::string BarText(const ProgressView& view, size_t columns) {
  const ProgressSnapshot& at = view.snapshot;
  const std::optional<double> share = DoneShare(at);
  const std::vector<std::string> figures = {share ? PercentText(at, *share) : "", AmountText(at),
                                            RateText(view), EtaText(view)};
  // What is said first is what stays when the terminal is narrow; the bar takes what is left over
  // after the figures, the name what is left over after the bar.
  Line measure(columns);
  measure.Add(FitWidth(Printable(at.phase), columns));
  for (const std::string& figure : figures) measure.Add(figure);
  const bool has_bar = share && measure.room() >= kBarMin + 2;
  const size_t for_bar = has_bar ? std::clamp(measure.room() / 2, kBarMin, kBarMax) : 0;

  Line line(columns);
  line.Add(FitWidth(Printable(at.phase), columns));
  if (has_bar) line.Add(Draw(*share, for_bar));
  for (const std::string& figure : figures) line.Add(figure);
  if (!at.note.empty() && line.room() >= kObjectMin) {
    line.Add(FitWidth(Printable(at.note), line.room()));
  }
  if (!at.object.empty() && line.room() >= kObjectMin) {
    line.Add(FitWidth(Printable(at.object), line.room()));
  }
  return line.text();
}

std::string LineText(const ProgressView& view) {
  const ProgressSnapshot& at = view.snapshot;
  std::string line = Printable(at.phase.empty() ? "starting" : at.phase);
  const std::optional<double> share = DoneShare(at);
  const std::vector<std::string> parts = {share ? PercentText(at, *share) : "",
                                          AmountText(at),
                                          RateText(view),
                                          EtaText(view),
                                          at.object.empty() ? "" : "at " + Printable(at.object),
                                          Printable(at.note),
                                          "after " + FormatDuration(view.elapsed)};
  std::string_view separator = ": ";
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    line += separator;
    line += part;
    separator = ", ";
  }
  return line;
}

std::string JsonText(const ProgressView& view) {
  const ProgressSnapshot& at = view.snapshot;
  std::string json = fmt::format(
      "{{\"progress\":{{\"phase\":{},\"bytes\":{},\"rows\":{},"
      "\"objects\":{}",
      JsonString(at.phase), at.bytes, at.rows, at.objects);
  if (at.total_bytes) {
    json += fmt::format(",\"total_bytes\":{},\"total_is_estimate\":{}", *at.total_bytes,
                        at.total_is_estimate);
  }
  if (at.total_objects) json += fmt::format(",\"total_objects\":{}", *at.total_objects);
  if (view.bytes_per_second) {
    json += fmt::format(",\"bytes_per_second\":{:.0f}", *view.bytes_per_second);
  }
  if (view.remaining) {
    json += fmt::format(",\"remaining_seconds\":{:.1f}", Seconds(*view.remaining));
  }
  if (!at.object.empty()) json += ",\"object\":" + JsonString(at.object);
  if (!at.note.empty()) json += ",\"note\":" + JsonString(at.note);
  return json + fmt::format(",\"elapsed_seconds\":{:.1f}}}}}", Seconds(view.elapsed));
}

}  // namespace pgkeep::jobs
