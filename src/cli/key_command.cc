#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/hex.h"
#include "cli/backup_text.h"
#include "cli/commands.h"
#include "cli/key_slots.h"
#include "cli/repository_access.h"
#include "cli/text_format.h"
#include "repository/clean_text.h"
#include "repository/config_object.h"
#include "repository/key_ring.h"
#include "repository/object_names.h"

namespace pgkeep::cli {
namespace {

using repository::ConfigObject;

// How the repository was opened here: "key file /x/pgkeep.key" or "key slot 0c1d2e3f".
std::string OpenedWith(const RepositoryLocation& location, const LoadedKeys& keys) {
  if (keys.slot) return "key slot " + SlotName(*keys.slot);
  return "key file " + location.keys.key_file;
}

Json SlotsJson(const std::vector<StoredSlot>& slots) {
  Json list = Json::MakeArray();
  for (const StoredSlot& slot : slots) {
    Json json = Json::MakeObject();
    json.Set("slot", SlotName(slot.slot));
    if (slot.object.ok()) {
      json.Set("label", slot.object->label);
      json.Set("created", slot.object->created ? Json(FormatUtc(*slot.object->created)) : Json());
    } else {
      json.Set("error", slot.object.error().ToString());
    }
    list.Add(std::move(json));
  }
  return list;
}

void PrintSlots(const std::vector<StoredSlot>& slots, Console& console) {
  if (slots.empty()) {
    console.Print("key slots: none");
    return;
  }
  Table table({{"SLOT"}, {"CREATED"}, {"LABEL"}});
  for (const StoredSlot& slot : slots) {
    const bool ok = slot.object.ok();
    const std::string created =
        ok && slot.object->created ? FormatUtc(*slot.object->created) : std::string();
    table.AddRow({SlotName(slot.slot), created,
                  ok ? slot.object->label : "damaged: " + slot.object.error().ToString()});
  }
  console.Print("key slots, each opened by its passphrase:");
  for (const std::string& line : table.Lines()) console.Print("  " + line);
}

void ShowRecipients(const ConfigObject& config, const repository::KeyRing& ring, Console& console) {
  Json& list = console.document().Set("recipients", Json::MakeArray());
  console.Print("data keys, to which backups are sealed:");
  const std::vector<crypto::BoxPublicKey> own = ring.data_public_keys();
  for (const crypto::BoxPublicKey& recipient : config.recipients) {
    const bool readable = std::ranges::find(own, recipient) != own.end();
    Json json = Json::MakeObject();
    json.Set("public_key", HexEncode(recipient));
    json.Set("readable_here", readable);
    list.Add(std::move(json));
    console.Print(fmt::format("  {}{}", HexEncode(recipient),
                              readable ? "" : "  (cannot be read with this key)"));
  }
}

void ShowSigners(const ConfigObject& config, const repository::KeyRing& ring, Console& console) {
  Json& list = console.document().Set("signers", Json::MakeArray());
  console.Print("signers, whose backups are trusted:");
  for (const repository::Signer& signer : config.signers) {
    const bool own = signer.public_key == ring.host_signing_key().public_key();
    const char* state = signer.state == repository::SignerState::kActive ? "active" : "retired";
    Json json = Json::MakeObject();
    json.Set("public_key", HexEncode(signer.public_key));
    json.Set("state", state);
    json.Set("own", own);
    list.Add(std::move(json));
    console.Print(
        fmt::format("  {}  {}{}", HexEncode(signer.public_key), state, own ? ", this key" : ""));
  }
}

}  // namespace

Status RunKeyList(const KeyListCommand& /*command*/, const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const RepositoryLocation location,
                       FindRepository(context.options, context.environment));
  PGK_ASSIGN_OR_RETURN(const auto opened,
                       OpenedRepository::Open(location, context.environment, KeyNeed::kRequired));
  PGK_ASSIGN_OR_RETURN(const auto slots, ListKeySlots(opened->store(), opened->context().id));
  const repository::KeyRing& ring = *opened->context().keys;
  const ConfigObject& config = *opened->context().config;
  const bool split = config.key_mode == repository::KeyMode::kSplit;
  Console& console = context.console;
  Json& json = console.document().Set("repository", Json::MakeObject());
  json.Set("id", opened->context().id.Hex());
  json.Set("key_mode", split ? "split" : "simple");
  json.Set("generation", config.generation);
  Json& key = console.document().Set("key", Json::MakeObject());
  key.Set("kind", repository::KeyKindName(ring.kind()));
  key.Set("id", ring.key_id());
  console.Print(fmt::format("repository {}, {} keys", opened->context().id.Hex(),
                            split ? "split" : "simple"));
  console.Print(fmt::format("opened with the {} key {} from {}",
                            repository::KeyKindName(ring.kind()), ring.key_id(),
                            OpenedWith(location, *opened->keys())));
  ShowRecipients(config, ring, console);
  ShowSigners(config, ring, console);
  console.document().Set("slots", SlotsJson(slots));
  PrintSlots(slots, console);
  if (opened->keys_are_outdated()) console.Warn(std::string(kOutdatedKeysText));
  return Ok();
}

Status RunKeyAdd(const KeyAddCommand& command, const CommandContext& context) {
  if (!repository::IsCleanText(command.label)) {
    return Err(ErrorCode::kInvalidArgument, "the label is too long or no plain text")
        .WithHint("use at most 1024 bytes of UTF-8 without control characters");
  }
  PGK_ASSIGN_OR_RETURN(const RepositoryLocation location,
                       FindRepository(context.options, context.environment));
  PGK_ASSIGN_OR_RETURN(const auto opened,
                       OpenedRepository::Open(location, context.environment, KeyNeed::kRequired));
  const std::string path = AbsolutePath(context.environment, command.passphrase_file);
  PGK_ASSIGN_OR_RETURN(const SecretBytes passphrase,
                       ReadPassphrase(*context.environment.files, path));
  PGK_ASSIGN_OR_RETURN(const ChangeRight right,
                       AcquireChangeRight(*opened, context.environment, "key add"));
  PGK_ASSIGN_OR_RETURN(const uint32_t slot, AddKeySlot(right.context, opened->keys()->bundle,
                                                       passphrase, command.label));
  context.console.document().Set("slot", SlotName(slot));
  context.console.Print(fmt::format("added key slot {}", SlotName(slot)));
  if (opened->keys()->bundle.kind() == repository::KeyKind::kHost) {
    context.console.Warn("this slot holds the host key: it cannot read backed-up data");
  }
  return Ok();
}

Status RunKeyRemove(const KeyRemoveCommand& command, const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const uint32_t slot, ParseSlotName(command.slot));
  PGK_ASSIGN_OR_RETURN(const RepositoryLocation location,
                       FindRepository(context.options, context.environment));
  PGK_ASSIGN_OR_RETURN(const auto opened,
                       OpenedRepository::Open(location, context.environment, KeyNeed::kRequired));
  PGK_ASSIGN_OR_RETURN(const auto slots, ListKeySlots(opened->store(), opened->context().id));
  if (std::ranges::find(slots, slot, &StoredSlot::slot) == slots.end()) {
    return Err(ErrorCode::kNotFound, "there is no key slot {}", command.slot)
        .WithHint("'pgkeep key list' shows the slots");
  }
  if (opened->keys()->slot == slot) {
    return Err(ErrorCode::kRefused, "key slot {} is the one that opens the repository here",
               command.slot)
        .WithHint("remove it with the key file, or with the passphrase of another slot");
  }
  PGK_ASSIGN_OR_RETURN(const ChangeRight right,
                       AcquireChangeRight(*opened, context.environment, "key remove"));
  PGK_TRY(right.context.store->Delete(repository::KeySlotKey(slot)));
  context.console.document().Set("slot", SlotName(slot));
  context.console.Print(fmt::format("removed key slot {}", SlotName(slot)));
  context.console.Note(
      "who has a copy of it and its passphrase can still open this repository: 'pgkeep key rotate' "
      "keeps future backups from them");
  return Ok();
}

}  // namespace pgkeep::cli
