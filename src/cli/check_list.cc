#include "cli/check_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace pgkeep::cli {
namespace {

std::string_view StateText(CheckState state) {
  switch (state) {
    case CheckState::kGood:
      return "ok";
    case CheckState::kWarning:
      return "warn";
    case CheckState::kBad:
      break;
  }
  return "FAIL";
}

std::string_view StateName(CheckState state) {
  switch (state) {
    case CheckState::kGood:
      return "good";
    case CheckState::kWarning:
      return "warning";
    case CheckState::kBad:
      break;
  }
  return "bad";
}

}  // namespace

void CheckList::Add(std::string subject, CheckState state, std::string text, std::string mend) {
  lines_.push_back({group_, std::move(subject), state, std::move(text), std::move(mend)});
}

void CheckList::Good(std::string subject, std::string text) {
  Add(std::move(subject), CheckState::kGood, std::move(text), "");
}

void CheckList::Warn(std::string subject, std::string text, std::string mend) {
  Add(std::move(subject), CheckState::kWarning, std::move(text), std::move(mend));
}

void CheckList::Bad(std::string subject, std::string text, std::string mend) {
  Add(std::move(subject), CheckState::kBad, std::move(text), std::move(mend));
}

void CheckList::Bad(std::string subject, const Error& error) {
  Bad(std::move(subject), error.ToString(), error.hint());
}

size_t CheckList::Number(CheckState state) const {
  return static_cast<size_t>(std::ranges::count(lines_, state, &CheckLine::state));
}

void CheckList::Show(bool quiet, Console& console) const {
  Json& list = console.document().Set("checks", Json::MakeArray());
  std::string_view group;
  for (const CheckLine& line : lines_) {
    Json json = Json::MakeObject();
    json.Set("group", line.group);
    json.Set("subject", line.subject);
    json.Set("state", StateName(line.state));
    json.Set("text", line.text);
    if (!line.mend.empty()) json.Set("mend", line.mend);
    list.Add(std::move(json));
    if (quiet && line.state == CheckState::kGood) continue;
    if (group != line.group) {
      group = line.group;
      console.Print(group);
    }
    console.Print(fmt::format("  {:<5} {:<12} {}", StateText(line.state), line.subject, line.text));
    if (!line.mend.empty()) console.Print(fmt::format("        mend: {}", line.mend));
  }
}

}  // namespace pgkeep::cli
