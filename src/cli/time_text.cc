#include "cli/time_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <ctime>
#include <optional>

namespace pgkeep::cli {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kYearOfTm = 1900;

// Takes parts off the beginning of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool Take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  // Exactly so many digits.
  std::optional<int> Digits(size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int number = 0;
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return std::nullopt;
      number = number * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return number;
  }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

struct TimeOfDay {
  int hour = 0;
  int minute = 0;
  int second = 0;
};

// "14:00" or "14:00:30".
std::optional<TimeOfDay> ReadTimeOfDay(Reader& reader) {
  const auto hour = reader.Digits(2);
  if (!hour || *hour > 23 || !reader.Take(":")) return std::nullopt;
  const auto minute = reader.Digits(2);
  if (!minute || *minute > 59) return std::nullopt;
  TimeOfDay time{*hour, *minute, 0};
  if (!reader.Take(":")) return time;
  const auto second = reader.Digits(2);
  if (!second || *second > 59) return std::nullopt;
  time.second = *second;
  // Backups are not told apart by less than a second.
  if (reader.Take(".")) {
    size_t digits = 0;
    while (reader.Digits(1)) ++digits;
    if (digits == 0) return std::nullopt;
  }
  return time;
}

// "Z", "+02", "+02:00" or "-0330".
std::optional<seconds> ReadZone(Reader& reader) {
  if (reader.Take("Z") || reader.Take("z")) return seconds(0);
  const bool east = reader.Take("+");
  if (!east && !reader.Take("-")) return std::nullopt;
  const auto hour = reader.Digits(2);
  if (!hour || *hour > 15) return std::nullopt;
  int minute = 0;
  const bool colon = reader.Take(":");
  if (colon || !reader.empty()) {
    const auto digits = reader.Digits(2);
    if (!digits || *digits > 59) return std::nullopt;
    minute = *digits;
  }
  const seconds offset = hours(*hour) + minutes(minute);
  return east ? offset : -offset;
}

std::optional<Timestamp> ReadIso(std::string_view text) {
  Reader reader(text);
  const auto year = reader.Digits(4);
  if (!year || !reader.Take("-")) return std::nullopt;
  const auto month = reader.Digits(2);
  if (!month || !reader.Take("-")) return std::nullopt;
  const auto day = reader.Digits(2);
  if (!day || !(reader.Take("T") || reader.Take("t") || reader.Take(" "))) return std::nullopt;
  const auto time = ReadTimeOfDay(reader);
  if (!time) return std::nullopt;
  reader.Take(" ");
  const auto zone = ReadZone(reader);
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!zone || !reader.empty() || !date.ok()) return std::nullopt;
  return Timestamp(std::chrono::sys_days(date)) + hours(time->hour) + minutes(time->minute) +
         seconds(time->second) - *zone;
}

// "-2h".
std::optional<Timestamp> ReadBefore(std::string_view text, Timestamp now) {
  if (text.size() < 3 || text.front() != '-') return std::nullopt;
  uint32_t number = 0;
  const char* const end = text.data() + text.size() - 1;
  const auto [stop, error] = std::from_chars(text.data() + 1, end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  switch (text.back()) {
    case 's':
      return now - seconds(number);
    case 'm':
      return now - minutes(number);
    case 'h':
      return now - hours(number);
    case 'd':
      return now - days(number);
    default:
      return std::nullopt;
  }
}

std::optional<std::tm> LocalTime(Timestamp time) {
  const std::time_t whole = std::chrono::floor<seconds>(time).time_since_epoch().count();
  std::tm local{};
  if (localtime_r(&whole, &local) == nullptr) return std::nullopt;
  return local;
}

// "yesterday 14:00": the day as this machine counts them.
std::optional<Timestamp> ReadDay(std::string_view text, Timestamp now) {
  Reader reader(text);
  const bool yesterday = reader.Take("yesterday ");
  if (!yesterday && !reader.Take("today ")) return std::nullopt;
  const auto time = ReadTimeOfDay(reader);
  const auto today = LocalTime(now);
  if (!time || !reader.empty() || !today) return std::nullopt;
  std::tm wanted = *today;
  wanted.tm_mday -= yesterday ? 1 : 0;
  wanted.tm_hour = time->hour;
  wanted.tm_min = time->minute;
  wanted.tm_sec = time->second;
  wanted.tm_isdst = -1;
  const std::time_t whole = std::mktime(&wanted);
  // Moved by the change to summer time: there is no such hour on that day.
  if (whole == -1 || wanted.tm_hour != time->hour || wanted.tm_min != time->minute) {
    return std::nullopt;
  }
  return Timestamp(seconds(whole));
}

}  // namespace

Result<Timestamp> ParseTime(std::string_view text, Timestamp now) {
  if (text == "now") return now;
  if (const auto time = ReadBefore(text, now)) return *time;
  if (const auto time = ReadDay(text, now)) return *time;
  if (const auto time = ReadIso(text)) return *time;
  return Err(ErrorCode::kInvalidArgument, "'{}' is no point in time", text)
      .WithHint(
          "write it as 2026-11-22T14:00:00Z or '2026-11-22 14:00+01:00' (with the zone), now, -2h, "
          "-7d, 'today 08:00' or 'yesterday 14:00' (in the zone of this machine)");
}

std::string ShowTime(Timestamp time) {
  const std::string utc = FormatUtc(time);
  const auto local = LocalTime(time);
  if (!local || local->tm_gmtoff == 0) return utc;
  std::array<char, 64> zone{};
  std::strftime(zone.data(), zone.size(), "%Z", &*local);
  return fmt::format("{} ({:04}-{:02}-{:02} {:02}:{:02}:{:02} {})", utc, local->tm_year + kYearOfTm,
                     local->tm_mon + 1, local->tm_mday, local->tm_hour, local->tm_min,
                     local->tm_sec, zone.data());
}

}  // namespace pgkeep::cli
