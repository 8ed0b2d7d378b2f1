#include "tests/model/action.h"

namespace pgkeep::model {
namespace {

constexpr std::array<const char*, static_cast<std::size_t>(ActionKind::kCount)> kKindNames = {
    "chooses bases",
    "creates",
    "creates, answer lost",
    "sends a create that gets lost:",
    "is told that it exists:",
    "reads back its own",
    "reads back something else:",
    "reads back nothing, will try again:",
    "reads back nothing, gives up:",
    "does not find the expiry of base",
    "finds expired its base",
    "reads its bases and names packs",
    "finds missing a base of",
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

std::string Names(Mask mask, const std::string& prefix) {
  std::string names;
  for (int bit = 0; bit < 8; ++bit) {
    if (HasBit(mask, bit)) names += (names.empty() ? "" : ",") + prefix + std::to_string(bit);
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
    case ActionKind::kChooseBases:
      text += " " + Names(action.detail, "");
      return text;
    case ActionKind::kReadBases:
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
  if (action.detail != 0) text += " " + Names(action.detail, "p");
  return text;
}

}  // namespace pgkeep::model
