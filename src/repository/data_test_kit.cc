#include "repository/data_test_kit.h"

#include <utility>

#include "base/check.h"

namespace pgkeep::repository {

TestVault::TestVault(uint64_t seed, storage::ObjectStore* given, InitOptions init) : random(seed) {
  store = given != nullptr ? given : &own_store;
  RepositoryOptions options;
  options.clock = &clock;
  options.random = &random;
  Result<NewRepository> made =
      InitRepository(*store, options, init, [](const NewRepository&) { return Ok(); });
  PGK_CHECK(made.ok(), "a test repository can be created");
  created.emplace(*std::move(made));
}

std::unique_ptr<Repository> TestVault::Open(bool host_key, const std::string& state_directory,
                                            storage::ObjectStore* through) {
  RepositoryOptions options;
  options.clock = &clock;
  options.random = &random;
  options.state_directory = state_directory;
  const KeyBundle keys = host_key ? created->keys.ToHostBundle(created->id) : created->keys.Clone();
  auto opened =
      Repository::Open(through != nullptr ? *through : *store, created->id, &keys, options);
  PGK_CHECK(opened.ok(), "a test repository can be opened");
  return *std::move(opened);
}

WriterOptions InlineOptions() {
  WriterOptions options;
  options.upload_threads = 0;
  options.deliver_threads = 1;
  options.heartbeat_thread = false;
  return options;
}

namespace {

Status WriteStream(SubtreeWriter& subtree, const std::string& name, const TestStream& stream) {
  StreamSpec spec;
  spec.name = name;
  spec.unit_size = stream.unit_size;
  spec.identity = stream.identity;
  PGK_ASSIGN_OR_RETURN(const auto writer, subtree.OpenStream(std::move(spec)));
  PGK_ASSIGN_OR_RETURN(const auto range, writer->OpenRange(0));
  for (const Bytes& unit : stream.units) PGK_TRY(range->Append(unit));
  PGK_TRY(range->Close());
  return writer->Finish();
}

}  // namespace

Result<TestBackup> WriteTree(Repository& repository, const TestTree& tree,
                             const WriterOptions& options, BackupState state,
                             const std::string& source, const WriteHooks& hooks) {
  BackupSpec spec;
  spec.source = source;
  PGK_ASSIGN_OR_RETURN(const auto writer, BackupWriter::Begin(repository, spec, options));
  if (hooks.after_begin) hooks.after_begin(*writer);
  for (const auto& [name, streams] : tree) {
    SubtreeSpec subtree_spec;
    subtree_spec.name = name;
    PGK_ASSIGN_OR_RETURN(const auto subtree, writer->OpenSubtree(subtree_spec));
    for (const auto& [stream_name, stream] : streams) {
      PGK_TRY(WriteStream(*subtree, stream_name, stream));
    }
    PGK_TRY(subtree->Finish());
  }
  if (hooks.before_commit) hooks.before_commit(writer->id());
  CommitOptions commit;
  commit.state = state;
  PGK_ASSIGN_OR_RETURN(const CommitReceipt receipt, writer->Commit(commit));
  if (hooks.after_commit) hooks.after_commit(receipt.backup);
  TestBackup backup{receipt.backup, 0, 0, writer->bases().size()};
  PGK_ASSIGN_OR_RETURN(const auto reader, BackupReader::Open(repository, receipt.backup));
  for (const SubtreeEntry& subtree : reader->manifest().subtrees) {
    backup.new_units += subtree.new_units;
    backup.new_bytes += subtree.new_bytes;
  }
  return backup;
}

Result<TestTree> ReadTree(Repository& repository, const BackupId& id) {
  PGK_ASSIGN_OR_RETURN(const auto reader, BackupReader::Open(repository, id));
  TestTree tree;
  for (const SubtreeEntry& subtree : reader->manifest().subtrees) {
    auto& streams = tree[subtree.name];
    PGK_TRY(reader->WalkStreams(subtree.name, [&](const StreamEntry& entry) -> Status {
      TestStream& stream = streams[entry.name];
      stream.unit_size = entry.unit_size;
      stream.identity = entry.identity;
      PGK_ASSIGN_OR_RETURN(const auto units, reader->OpenStream(entry));
      return units->ReadUnits(0, entry.units, [&](const UnitPart& part) -> Result<bool> {
        if (part.offset == 0) stream.units.emplace_back();
        if (part.hole) {
          stream.units.back().resize(part.unit_bytes);
        } else {
          Append(stream.units.back(), part.bytes);
        }
        return true;
      });
    }));
  }
  return tree;
}

Bytes TestUnit(uint64_t seed, size_t size) {
  testing::SeededRandom random(seed);
  Bytes unit(size);
  // Half random, half one letter: real enough for a compressor to do something.
  random.Fill(MutableByteSpan(unit).first(size / 2));
  for (size_t i = size / 2; i < size; ++i) unit[i] = static_cast<uint8_t>('a' + seed % 26);
  return unit;
}

TestStream TestPages(uint64_t seed, size_t count, uint32_t unit_size) {
  TestStream stream;
  stream.unit_size = unit_size;
  for (size_t i = 0; i < count; ++i) {
    stream.units.push_back(TestUnit(seed * 1'000'003 + i, unit_size));
  }
  return stream;
}

}  // namespace pgkeep::repository
