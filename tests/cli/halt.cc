// Preloaded into pgkeep by a test: the thread that comes to the place which the test has chosen
// stops there for ever, so that the test can kill the process just there.
//
// $PGKEEP_HALT_AT says where, and $PGKEEP_HALT_MARK names a file that is made when it has come:
//
//   phase NAME        the history has recorded that this phase of a job began
//   sql TEXT          a statement with TEXT in it was given to libpq
//   rows NUMBER TEXT  so many pieces of the COPY with TEXT in its statement have passed
//   link TEXT         an object whose path has TEXT in it is about to get its name
//   linked TEXT       and has got it
//   create TEXT       a file whose path has TEXT in it is about to be made
//
// Stands between the program and its libraries: their functions are declared here as they are
// called, and found behind this library.
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>

namespace {

struct Place {
  std::string kind;
  int number = 0;
  std::string text;
};

Place ReadPlace() {
  Place place;
  const char* const wanted = std::getenv("PGKEEP_HALT_AT");
  // Programs that pgkeep starts are none of the test's business.
  if (wanted == nullptr || std::string_view(program_invocation_short_name) != "pgkeep")
    return place;
  std::istringstream words(wanted);
  words >> place.kind;
  if (place.kind == "rows") words >> place.number;
  words >> std::ws;
  std::getline(words, place.text);
  return place;
}

const Place& Wanted() {
  static const Place place = ReadPlace();
  return place;
}

bool Is(std::string_view kind, std::string_view what) {
  const Place& place = Wanted();
  return place.kind == kind && what.find(place.text) != std::string_view::npos;
}

template <class Function>
Function* Behind(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// open() is one of the functions in between.
int OpenBehind(const char* path, int flags, mode_t mode) {
  static auto* const real = Behind<int(const char*, int, ...)>("open");
  return real(path, flags, mode);
}

[[noreturn]] void Halt() {
  const char* const mark = std::getenv("PGKEEP_HALT_MARK");
  if (mark == nullptr || OpenBehind(mark, O_CREAT | O_WRONLY | O_CLOEXEC, 0600) < 0) std::abort();
  while (true) pause();
}

// The connection whose COPY is counted, and how far it is.
std::atomic<const void*> counted_connection{nullptr};
std::atomic<int> counted_pieces{0};

void OnStatement(const void* connection, const char* sql) {
  if (Is("rows", sql)) counted_connection = connection;
}

void OnPiece(const void* connection) {
  if (counted_connection.load() != connection || Wanted().kind != "rows") return;
  if (++counted_pieces == Wanted().number) Halt();
}

// Whether the transaction that is open in the history begins the phase.
std::atomic<bool> phase_begins{false};

}  // namespace

extern "C" {

int link(const char* from, const char* to) {
  if (Is("link", to)) Halt();
  static auto* const real = Behind<int(const char*, const char*)>("link");
  const int result = real(from, to);
  if (Is("linked", to)) Halt();
  return result;
}

int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list more;
    va_start(more, flags);
    mode = va_arg(more, mode_t);
    va_end(more);
    if (Is("create", path)) Halt();
  }
  return OpenBehind(path, flags, mode);
}

int PQsendQuery(void* connection, const char* sql) {
  static auto* const real = Behind<int(void*, const char*)>("PQsendQuery");
  const int result = real(connection, sql);
  if (Is("sql", sql)) Halt();
  OnStatement(connection, sql);
  return result;
}

int PQsendQueryParams(void* connection, const char* sql, int count, const unsigned* types,
                      const char* const* values, const int* lengths, const int* formats,
                      int result_format) {
  static auto* const real = Behind<int(void*, const char*, int, const unsigned*, const char* const*,
                                       const int*, const int*, int)>("PQsendQueryParams");
  const int result = real(connection, sql, count, types, values, lengths, formats, result_format);
  if (Is("sql", sql)) Halt();
  OnStatement(connection, sql);
  return result;
}

int PQgetCopyData(void* connection, char** buffer, int async) {
  static auto* const real = Behind<int(void*, char**, int)>("PQgetCopyData");
  const int result = real(connection, buffer, async);
  if (result > 0) OnPiece(connection);
  return result;
}

int PQputCopyData(void* connection, const char* buffer, int bytes) {
  static auto* const real = Behind<int(void*, const char*, int)>("PQputCopyData");
  const int result = real(connection, buffer, bytes);
  OnPiece(connection);
  return result;
}

int sqlite3_bind_text64(void* statement, int place, const char* text, uint64_t bytes,
                        void (*destroy)(void*), unsigned char encoding) {
  static auto* const real =
      Behind<int(void*, int, const char*, uint64_t, void (*)(void*), unsigned char)>(
          "sqlite3_bind_text64");
  static auto* const sql_of = Behind<const char*(void*)>("sqlite3_sql");
  const Place& place_wanted = Wanted();
  if (place_wanted.kind == "phase" && std::string_view(text, bytes) == place_wanted.text &&
      std::string_view(sql_of(statement)).starts_with("INSERT INTO backup_history_phase")) {
    phase_begins = true;
  }
  return real(statement, place, text, bytes, destroy, encoding);
}

int sqlite3_exec(void* database, const char* sql, int (*callback)(void*, int, char**, char**),
                 void* context, char** message) {
  static auto* const real =
      Behind<int(void*, const char*, int (*)(void*, int, char**, char**), void*, char**)>(
          "sqlite3_exec");
  const int result = real(database, sql, callback, context, message);
  if (phase_begins && std::string_view(sql).starts_with("COMMIT")) Halt();
  return result;
}

}  // extern "C"
