#include "tests/model/action.h"

namespace pgkeep::model {
namespace {

constexpr std::array<const char*, static_cast<std::size_t>(ActionKind::kCount)> kKindNames = {
    "chooses its base",
    "creates",
    "creates, answer lost",
    "sends a create that gets lost:",
    "is told that it exists:",
    "reads back its own",
    "reads back something else:",
    "reads back nothing, will try again:",
    "reads back nothing, gives up:",
    "does not find the expiry of its base",
    "finds its base expired",
    "reads its base and names packs",
    "finds its base missing",
    "finds all packs that it names",
    "finds packs missing",
    "finds its lease and no decision:",
    "expires",
    "aborts",
    "lists",
    "lists one key of",
    "reads the pin of",
    "finds a pin gone and yields:",
    "reads the ref of",
    "finds the ref of a live backup gone and yields:",
    "finds the base's ref gone and aborts writer",
    "finds the base's ref gone, the writer decided, and yields:",
    "stops with an error at",
    "deletes",
    "announces its lease",
    "finds no other lease: holds the repository",
    "finds another lease",
    "takes its lease back",
    "releases its lease",
    "finds its own lease gone",
    "breaks the lease of",
    "crashes",
    "late request arrives from",
    "late request is lost from",
    "has finished",
    "finds undecided and wants to abort",
};

constexpr std::array<const char*, static_cast<std::size_t>(Object::kCount)> kObjectNames = {
    "", "pin", "ses", "packs", "man", "ref", "dec", "exp", "lease"};

std::string ActorName(std::uint8_t actor) {
  if (actor == kOutside) return "world";
  if (actor >= kFirstGc) return "gc" + std::to_string(actor - kFirstGc + 1);
  return "writer" + std::to_string(actor);
}

std::string PackNames(Mask packs) {
  std::string names;
  for (int pack = 0; pack < 8; ++pack) {
    if (HasBit(packs, pack)) names += (names.empty() ? "p" : ",p") + std::to_string(pack);
  }
  return "{" + names + "}";
}

}  // namespace

std::string Describe(const Action& action) {
  std::string text =
      ActorName(action.actor) + " " + kKindNames.at(static_cast<std::size_t>(action.kind));
  const std::string object = kObjectNames.at(static_cast<std::size_t>(action.object));
  if (!object.empty()) text += " " + object;
  switch (action.kind) {
    case ActionKind::kList:
      break;
    case ActionKind::kChooseBase:
      text += action.subject == action.actor ? ": none" : ": " + std::to_string(action.subject);
      break;
    case ActionKind::kLeaseBreak:
    case ActionKind::kCrash:
    case ActionKind::kDeliver:
    case ActionKind::kDrop:
      text += " " + ActorName(action.subject);
      break;
    default:
      text += object.empty() ? " " : "/";
      text += std::to_string(action.subject);
  }
  if (action.detail != 0) text += " " + PackNames(action.detail);
  return text;
}

}  // namespace pgkeep::model
