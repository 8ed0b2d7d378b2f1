// How progress looks: a bar, a plain line, a JSON object. Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/progress.h"

namespace pgkeep::jobs {

// A snapshot and what was measured around it.
struct ProgressView {
  ProgressSnapshot snapshot;
  std::optional<double> bytes_per_second;
  std::optional<Duration> remaining;  // of this phase
  Duration elapsed = {};              // since the job began
};

// One line of at most `columns` terminal columns, with a bar where there is a total and room:
// "copy [#####.....]  52%  1.2/2.3 GiB  85.3 MiB/s  ETA 0:13  public.orders". The least important
// parts go first when there is little room. Names from outside are made printable.
std::string BarText(const ProgressView& view, size_t columns);

// The same without a bar and without a limit of width, for pipes.
std::string LineText(const ProgressView& view);

// One JSON object on one line: {"progress":{"phase":"copy","bytes":...,"elapsed_seconds":...}};
// what is not known is left out.
std::string JsonText(const ProgressView& view);

}  // namespace pgkeep::jobs
