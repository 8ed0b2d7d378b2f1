// Addresses of catalogs, as users write them in the configuration, and opening what is there.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"
#include "catalog/catalog.h"

namespace pgkeep::catalog {

// A parsed address.
struct CatalogUrl {
  std::string path;  // of the SQLite file, absolute
  bool operator==(const CatalogUrl&) const = default;
};

// Parses "sqlite:///path" or "/path" (both taken byte by byte, no escapes). kInvalidArgument for
// everything else, kUnsupported for "postgresql://...", always with a hint that shows a right form.
// What may hold a password is not put into the error.
Result<CatalogUrl> ParseCatalogUrl(std::string_view text);

// Opens the catalog, creates it if there is none, and brings it to this version's schema. The
// directory must exist. `files` and `clock` must outlive the result. Fails as OpenSqliteCatalog()
// does.
Result<std::unique_ptr<Catalog>> OpenCatalog(FileSystem& files, Clock& clock,
                                             const CatalogUrl& url);

}  // namespace pgkeep::catalog
