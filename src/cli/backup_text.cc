#include "cli/backup_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/display.h"

namespace pgkeep::cli {
namespace {

// Names in a column of a list.
constexpr size_t kNamesShown = 3;

Json NamesJson(const repository::Manifest& manifest) {
  Json names = Json::MakeArray();
  for (const repository::SubtreeEntry& subtree : manifest.subtrees) names.Add(subtree.name);
  return names;
}

Json MissingJson(const repository::Manifest& manifest) {
  Json list = Json::MakeArray();
  for (const logical::RunAttributes::Missing& missing : MissingDatabases(manifest)) {
    Json json = Json::MakeObject();
    json.Set("database", missing.database);
    json.Set("code", missing.error_code);
    json.Set("message", missing.message);
    list.Add(std::move(json));
  }
  return list;
}

}  // namespace

BackupTotals TotalsOf(const repository::Manifest& manifest) {
  BackupTotals totals;
  for (const repository::SubtreeEntry& subtree : manifest.subtrees) {
    totals.streams += subtree.streams;
    totals.units += subtree.units;
    totals.bytes += subtree.bytes;
    totals.new_units += subtree.new_units;
    totals.new_bytes += subtree.new_bytes;
    totals.stored_bytes += subtree.stored_bytes;
  }
  return totals;
}

PackTotals PackTotalsOf(const repository::ReferenceList& references,
                        const repository::BackupId& backup) {
  PackTotals totals;
  for (const repository::PackEntry& entry : references.entries()) {
    ++totals.packs;
    totals.bytes += entry.size;
    if (entry.name.writer == backup) totals.own_bytes += entry.size;
  }
  return totals;
}

std::string DatabaseNames(const repository::Manifest& manifest) {
  if (manifest.kind != repository::BackupKind::kLogical) return "";
  std::string names;
  const size_t shown = std::min(kNamesShown, manifest.subtrees.size());
  for (size_t i = 0; i < shown; ++i) {
    names += (i == 0 ? "" : ", ") + Printable(manifest.subtrees[i].name);
  }
  const size_t more = manifest.subtrees.size() - shown;
  return more == 0 ? names : fmt::format("{} and {} more", names, more);
}

std::vector<logical::RunAttributes::Missing> MissingDatabases(
    const repository::Manifest& manifest) {
  if (manifest.kind != repository::BackupKind::kLogical || manifest.attributes.empty()) return {};
  auto run = logical::DecodeRun(manifest.attributes);
  if (!run.ok()) return {};
  return std::move(run->missing);
}

std::string_view KindName(repository::BackupKind kind) {
  switch (kind) {
    case repository::BackupKind::kLogical:
      return "logical";
    case repository::BackupKind::kPhysical:
      return "physical";
    case repository::BackupKind::kFiles:
      break;
  }
  return "files";
}

std::string_view StateName(repository::BackupState state) {
  return state == repository::BackupState::kComplete ? "complete" : "partial";
}

Json BackupJson(const repository::BackupSummary& backup) {
  Json json = Json::MakeObject();
  json.Set("id", backup.id.Hex());
  json.Set("committed", FormatUtc(backup.committed));
  if (!backup.manifest.ok()) {
    json.Set("state", "damaged");
    json.Set("error", backup.manifest.error().ToString());
    return json;
  }
  const repository::Manifest& manifest = *backup.manifest;
  json.Set("source", manifest.source);
  json.Set("kind", KindName(manifest.kind));
  json.Set("state", StateName(manifest.state));
  json.Set("label", manifest.label);
  json.Set("started", FormatUtc(manifest.started));
  json.Set("finished", FormatUtc(manifest.finished));
  const BackupTotals totals = TotalsOf(manifest);
  json.Set("streams", totals.streams);
  json.Set("units", totals.units);
  json.Set("bytes", totals.bytes);
  json.Set("new_units", totals.new_units);
  json.Set("new_bytes", totals.new_bytes);
  json.Set("stored_bytes", totals.stored_bytes);
  if (manifest.kind == repository::BackupKind::kLogical) {
    json.Set("databases", NamesJson(manifest));
    json.Set("missing", MissingJson(manifest));
  }
  return json;
}

Json UnfinishedJson(std::span<const UnfinishedBackup> unfinished) {
  Json list = Json::MakeArray();
  for (const UnfinishedBackup& backup : unfinished) {
    Json json = Json::MakeObject();
    json.Set("id", backup.id.Hex());
    json.Set("started", backup.started ? Json(FormatUtc(*backup.started)) : Json());
    list.Add(std::move(json));
  }
  return list;
}

std::string UnfinishedText(const UnfinishedBackup& backup) {
  return fmt::format("unfinished: {}, begun {} (being written, or cut off)", ShortId(backup.id),
                     backup.started ? FormatUtc(*backup.started) : "at an unknown time");
}

}  // namespace pgkeep::cli
