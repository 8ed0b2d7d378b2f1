// Requests for many small objects, of which each would wait for the one before.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "base/worker_pool.h"
#include "repository/repository_context.h"

namespace pgkeep::repository {

// Calls `take(item, request(item))` for every item, in their order.
//
// Where the store is faster so (StoreFeatures::parallel_requests), `request` runs ahead in that
// many threads: it must be thread-safe, and a later one may have been made before an earlier
// `take`. Elsewhere each `request` comes right before its `take`. `take` always runs in the
// caller's thread. Ends with the first error of `take`, and with what was begun by then. Memory:
// twice as many results as there are threads.
template <class Item, class Request, class Take>
Status RequestEach(const RepositoryContext& context, const std::vector<Item>& items,
                   const Request& request, const Take& take) {
  using Outcome = std::invoke_result_t<const Request&, const Item&>;
  const unsigned parallel = context.store->features().parallel_requests;
  const unsigned threads = parallel > 1 ? parallel : 0;
  const size_t ahead = std::max<size_t>(1, size_t{2} * threads);

  Mutex mutex;
  CondVar changed;
  std::vector<std::optional<Outcome>> outcomes(ahead);  // item i has the place i modulo `ahead`
  WorkerPool pool("request", threads, ahead);           // last: its jobs use what is above
  size_t begun = 0;
  for (size_t taken = 0; taken < items.size(); ++taken) {
    for (; begun < std::min(items.size(), taken + ahead); ++begun) {
      pool.Submit(
          [&mutex, &changed, &request, &item = items[begun], &place = outcomes[begun % ahead]] {
            Outcome outcome = request(item);
            const MutexLock lock(mutex);
            place.emplace(std::move(outcome));
            changed.NotifyAll();
          });
    }
    std::optional<Outcome> outcome;
    {
      const MutexLock lock(mutex);
      std::optional<Outcome>& place = outcomes[taken % ahead];
      changed.Wait(mutex, {}, [&place] { return place.has_value(); });
      outcome.swap(place);
    }
    PGK_TRY(take(items[taken], *std::move(outcome)));
  }
  return Ok();
}

}  // namespace pgkeep::repository
