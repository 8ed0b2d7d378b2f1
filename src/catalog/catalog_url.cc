#include "catalog/catalog_url.h"

#include "catalog/sqlite_catalog.h"

namespace pgkeep::catalog {
namespace {

constexpr std::string_view kScheme = "sqlite://";
constexpr std::string_view kExample = "write it as sqlite:///var/lib/pgkeep/catalog.db";

}  // namespace

Result<CatalogUrl> ParseCatalogUrl(std::string_view text) {
  std::string_view path = text;
  if (path.starts_with(kScheme)) path.remove_prefix(kScheme.size());
  if (path.starts_with('/') && !path.ends_with('/') && path.find('\0') == std::string_view::npos) {
    return CatalogUrl{.path = std::string(path)};
  }
  // Only the scheme is shown: the rest may hold a password.
  const size_t scheme = text.find("://");
  if (text.starts_with("postgresql://") || text.starts_with("postgres://")) {
    return Err(ErrorCode::kUnsupported, "this version keeps no catalog in PostgreSQL")
        .WithHint(std::string(kExample));
  }
  if (scheme != std::string_view::npos && !text.starts_with(kScheme)) {
    return Err(ErrorCode::kInvalidArgument, "catalog url '{}://...' has an unknown scheme",
               text.substr(0, scheme))
        .WithHint(std::string(kExample));
  }
  return Err(ErrorCode::kInvalidArgument, "catalog url '{}' does not name a file by its whole path",
             text)
      .WithHint(std::string(kExample));
}

Result<std::unique_ptr<Catalog>> OpenCatalog(FileSystem& files, Clock& clock,
                                             const CatalogUrl& url) {
  return OpenSqliteCatalog({.path = url.path, .files = &files, .clock = &clock});
}

}  // namespace pgkeep::catalog
