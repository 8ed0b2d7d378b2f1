// Tables of contents for tests of this room.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "archive/toc.h"
#include "base/bytes.h"
#include "testing/seeded_random.h"

namespace pgkeep::archive {

// Real tables of contents by pg_dump 15.18 of a small database with objects of many kinds: what
// `pg_dump -Fc -Z0` wrote into a pipe, with its data, and toc.dat of the directory format.
Bytes RealCustomArchive();
Bytes RealDirectoryToc();

// The same two, changed by hand into versions 1.16 and 1.15, zstd in the header; in the first the
// large objects are one group.
Bytes MadeCustomToc16();
Bytes MadeDirectoryToc15();

// Anything that can be written in the version, with texts and numbers of all kinds.
Toc RandomToc(testing::SeededRandom& random, ArchiveVersion version, ArchiveFormat format);

// An entry as pg_dump makes it: a name in schema s, of a kind, with dependencies.
TocEntry MakeEntry(int32_t dump_id, std::string kind, std::string tag,
                   std::vector<int32_t> dependencies = {});

// A table with its TABLE DATA entry, as pg_dump makes them.
std::pair<TocEntry, TocEntry> MakeTable(int32_t dump_id, std::string name, int32_t data_id);

// A small archive of version 1.14: two tables (data in entries 11 and 12), and with
// `large_objects` that many, with OIDs from 5001 on and data in entry 20.
Toc SmallToc(uint32_t large_objects = 0);

}  // namespace pgkeep::archive
