#include "archive/toc_test_kit.h"

#include <fmt/format.h>

#include <unordered_set>

#include "base/file_util.h"

namespace pgkeep::archive {
namespace {

Bytes ReadSeed(const char* name) {
  const std::string path = JoinPath(PGKEEP_TOC_CORPUS, name);
  return ReadWholeFile(PosixFileSystem(), path, 1 << 20).value();
}

std::string RandomText(testing::SeededRandom& random) {
  const uint64_t shape = random.Next();
  std::string text(shape % 7 == 0 ? shape % 5000 : shape % 20, '\0');
  for (char& c : text) c = static_cast<char>(1 + random.Next() % 255);
  return text;
}

OptionalText RandomOptional(testing::SeededRandom& random) {
  if (random.Next() % 3 == 0) return {};
  return RandomText(random);
}

int32_t RandomInt(testing::SeededRandom& random) {
  const auto bits = static_cast<int32_t>(random.Next());
  return bits >> (random.Next() % 32);
}

TocEntry RandomEntry(testing::SeededRandom& random, const ArchiveHeader& header) {
  TocEntry entry;
  entry.has_data = random.Next() % 2 == 0;
  entry.catalog_oid = static_cast<uint32_t>(random.Next());
  entry.oid = static_cast<uint32_t>(random.Next() >> (32 + random.Next() % 32));
  entry.tag = RandomText(random);
  entry.kind = RandomText(random);
  entry.section = static_cast<Section>(1 + random.Next() % 4);
  for (OptionalText* text :
       {&entry.definition, &entry.drop_statement, &entry.copy_statement, &entry.schema,
        &entry.tablespace, &entry.access_method, &entry.owner}) {
    *text = RandomOptional(random);
  }
  if (header.version >= kVersion16) entry.relation_kind = static_cast<int>(random.Next() % 256);
  for (uint64_t i = random.Next() % 5; i > 0; --i) {
    entry.dependencies.push_back(1 + (RandomInt(random) & 0x7ffffffe));
  }
  if (header.format == ArchiveFormat::kTar) {
    entry.file_name = RandomText(random);
    return entry;
  }
  entry.offset_state = static_cast<OffsetState>(1 + random.Next() % 3);
  entry.offset = random.Next() >> (64 - 8 * header.offset_size);
  return entry;
}

}  // namespace

Bytes RealCustomArchive() { return ReadSeed("custom-1.14"); }

Bytes RealDirectoryToc() { return ReadSeed("directory-1.14"); }

Bytes MadeCustomToc16() { return ReadSeed("custom-1.16-made"); }

Bytes MadeDirectoryToc15() { return ReadSeed("directory-1.15-made"); }

Toc RandomToc(testing::SeededRandom& random, ArchiveVersion version, ArchiveFormat format) {
  Toc toc;
  ArchiveHeader& header = toc.header;
  header.version = version;
  header.format = format;
  header.int_size = static_cast<uint8_t>(4 + random.Next() % 5);
  header.offset_size = static_cast<uint8_t>(4 + random.Next() % 5);
  const uint64_t compressions = version >= kVersion15 ? 4 : 2;
  header.compression = static_cast<Compression>(random.Next() % compressions);
  if (version < kVersion15 && header.compression == Compression::kGzip && random.Next() % 2 == 0) {
    header.gzip_level = static_cast<int32_t>(1 + random.Next() % 9);
  }
  CreationTime& time = header.created;
  for (int32_t* field :
       {&time.second, &time.minute, &time.hour, &time.day, &time.month, &time.year, &time.is_dst}) {
    *field = RandomInt(random);
  }
  header.database = RandomOptional(random);
  header.server_version = RandomOptional(random);
  header.dump_version = RandomOptional(random);
  std::unordered_set<int32_t> ids;
  for (uint64_t i = random.Next() % 12; i > 0; --i) {
    TocEntry entry = RandomEntry(random, header);
    do {
      entry.dump_id = 1 + (RandomInt(random) & 0x7ffffffe);
    } while (!ids.insert(entry.dump_id).second);
    toc.entries.push_back(std::move(entry));
  }
  return toc;
}

TocEntry MakeEntry(int32_t dump_id, std::string kind, std::string tag,
                   std::vector<int32_t> dependencies) {
  TocEntry entry;
  entry.dump_id = dump_id;
  entry.kind = std::move(kind);
  entry.tag = std::move(tag);
  entry.schema = "s";
  entry.definition = fmt::format("SELECT '{} {}';\n", entry.kind, entry.tag);
  entry.drop_statement = "";
  entry.owner = "keeper";
  entry.dependencies = std::move(dependencies);
  return entry;
}

std::pair<TocEntry, TocEntry> MakeTable(int32_t dump_id, std::string name, int32_t data_id) {
  TocEntry table = MakeEntry(dump_id, "TABLE", name);
  table.catalog_oid = 1259;
  table.oid = 16'000 + static_cast<uint32_t>(dump_id);
  TocEntry data = MakeEntry(data_id, "TABLE DATA", name, {dump_id});
  data.oid = table.oid;
  data.section = Section::kData;
  data.has_data = true;
  data.definition.reset();
  data.copy_statement = fmt::format("COPY s.{} (a, b) FROM stdin;\n", name);
  return {std::move(table), std::move(data)};
}

Toc SmallToc(uint32_t large_objects) {
  Toc toc;
  toc.header.database = "shop";
  TocEntry encoding = MakeEntry(100, "ENCODING", "ENCODING");
  encoding.definition = "SET client_encoding = 'UTF8';\n";
  encoding.schema.reset();
  toc.entries.push_back(std::move(encoding));
  auto [one, one_data] = MakeTable(1, "one", 11);
  auto [two, two_data] = MakeTable(2, "two", 12);
  toc.entries.push_back(std::move(one));
  toc.entries.push_back(std::move(two));
  for (uint32_t oid = 5001; oid <= 5000 + large_objects; ++oid) {
    TocEntry object = MakeEntry(static_cast<int32_t>(oid), "BLOB", fmt::format("{}", oid));
    object.oid = oid;
    object.schema.reset();
    toc.entries.push_back(std::move(object));
  }
  toc.entries.push_back(std::move(one_data));
  toc.entries.push_back(std::move(two_data));
  if (large_objects > 0) {
    TocEntry data = MakeEntry(20, "BLOBS", "BLOBS");
    data.section = Section::kData;
    data.has_data = true;
    data.schema.reset();
    data.definition.reset();
    toc.entries.push_back(std::move(data));
  }
  return toc;
}

}  // namespace pgkeep::archive
