# Debian 12 packages (scripts/bootstrap installs them). Each is linked, and its headers are
# included, by one room only: the table is in tools/tidy.
#
#   tl::expected fmt::fmt ................ base       spdlog::spdlog .......... base (log.cc)
#   OpenSSL::Crypto PkgConfig::SODIUM .... crypto     PkgConfig::ZSTD ZLIB::ZLIB codec
#   PkgConfig::LIBPQ ..................... postgres   CURL::libcurl .......... net
#   pugixml::pugixml ..................... storage
#   CLI11::CLI11 Boost::json ............. cli (and one file of storage)
#   tomlplusplus::tomlplusplus config
#   PkgConfig::SQLITE .................... catalog
#   GTest::* rapidcheck rapidcheck_gtest . tests      benchmark::benchmark .... bench
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(tl-expected REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(tomlplusplus 3 REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS json)
find_package(OpenSSL 3 REQUIRED)

find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
# STRICT tables came with 3.37.
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3>=3.37)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq)
find_package(ZLIB REQUIRED)
# curl_multi_wakeup is older; CURLOPT_PROTOCOLS_STR came with 7.85.
find_package(CURL 7.85 REQUIRED)
find_package(pugixml 1.12 REQUIRED)

if(PGKEEP_BUILD_TESTS)
  find_package(GTest 1.12 REQUIRED)
  find_package(rapidcheck REQUIRED)
endif()
if(PGKEEP_BUILD_BENCH)
  find_package(benchmark REQUIRED)
endif()
