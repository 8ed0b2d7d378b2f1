#include "testing/postgres_cluster.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "testing/postgres_template.h"

namespace pgkeep::testing {
namespace {

constexpr std::string_view kLogName = "server.log";

// Between two looks at what a server says of itself.
constexpr Duration kPause = std::chrono::milliseconds(10);

// $1 directory, $2 log, the rest: the server.
constexpr std::string_view kKeeper = R"sh(
directory=$1 log=$2 server=
shift 2
trap '' HUP INT TERM
while read -r word; do
  case $word in
    start) "$@" >>"$log" 2>&1 </dev/null & server=$! ;;
    reap) wait "$server"; server=; echo ended ;;
  esac
done
if [ -n "$server" ]; then
  kill -QUIT "$server"
  wait "$server"
fi
rm -rf "$directory"
)sh";

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void AppendFile(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::app);
  file << text;
  file.close();
  PGK_CHECK(file.good(), "a file of the cluster can be written");
}

int FreePort() {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = static_cast<sockaddr*>(static_cast<void*>(&address));
  PGK_CHECK(::bind(socket.get(), any, size) == 0 && ::getsockname(socket.get(), any, &size) == 0,
            "there is a free port");
  return ntohs(address.sin_port);
}

void GiveToServer(const std::string& path) {
  const ServerUser& user = PostgresServerUser();
  PGK_CHECK(::chown(path.c_str(), user.uid, user.gid) == 0, "the server can own its files");
}

}  // namespace

PostgresCluster::PostgresCluster(PostgresClusterOptions options)
    : options_(std::move(options)), data_directory_(directory_.Join("data")) {
  constexpr size_t kSocketPathMax = 107;
  PGK_CHECK(socket_path().size() <= kSocketPathMax, "TMPDIR is short enough for a socket");
  GiveToServer(directory_.path());
  MustRunProgram({"cp", "-a", "--reflink=auto", PostgresTemplate(), data_directory_});
  if (!options_.hba.empty()) {
    MustRunProgram({"truncate", "--size=0", data_directory_ + "/pg_hba.conf"});
    AppendFile(data_directory_ + "/pg_hba.conf", options_.hba);
  }
  if (options_.standby) {
    AppendFile(data_directory_ + "/standby.signal", "");
    GiveToServer(data_directory_ + "/standby.signal");
  }
  if (options_.tls) MakeCertificate();
  std::vector<std::string> words = {directory_.path(), Join(kLogName)};
  const std::vector<std::string>& prefix = PostgresServerUser().prefix;
  words.insert(words.end(), prefix.begin(), prefix.end());
  words.insert(words.end(), {ProgramPath("postgres"), "-D", data_directory_});
  keeper_ = std::make_unique<Keeper>(kKeeper, words);
  Start();
}

PostgresCluster& PostgresCluster::Shared() {
  static PostgresCluster shared;
  return shared;
}

void PostgresCluster::WriteConfiguration() {
  std::map<std::string, std::string> settings = {
      {"listen_addresses", options_.tcp ? "'127.0.0.1'" : "''"},
      {"port", fmt::format("{}", port_)},
      {"unix_socket_directories", fmt::format("'{}'", directory_.path())},
      {"fsync", "off"},
      {"full_page_writes", "off"},
      {"autovacuum", "off"},
      {"shared_buffers", "'16MB'"},
      {"log_timezone", "'UTC'"},
      {"ssl", options_.tls ? "on" : "off"},
      {"ssl_cert_file", fmt::format("'{}'", Join("server.crt"))},
      {"ssl_key_file", fmt::format("'{}'", Join("server.key"))},
  };
  for (const auto& [name, value] : options_.settings) settings[name] = value;
  std::string text = "\n";
  for (const auto& [name, value] : settings) text += fmt::format("{} = {}\n", name, value);
  // What comes last counts, so this may be repeated with another port.
  AppendFile(data_directory_ + "/postgresql.conf", text);
}

void PostgresCluster::MakeCertificate() const {
  MustRunProgram({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                  "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj", "/CN=localhost",
                  "-addext", "subjectAltName=DNS:localhost", "-keyout", Join("server.key"), "-out",
                  Join("server.crt")});
  GiveToServer(Join("server.key"));
  PGK_CHECK(::chmod(Join("server.key").c_str(), 0600) == 0);
}

void PostgresCluster::Start() {
  PGK_CHECK(!running_, "the server is stopped");
  constexpr int kAttempts = 5;
  for (int attempt = 1; !running_; ++attempt) {
    // Somebody else may take a free port before the server does.
    if (options_.tcp && (port_ == 5432 || attempt > 1)) port_ = FreePort();
    WriteConfiguration();
    const size_t log_begin = ServerLog().size();
    keeper_->Tell("start");
    running_ = AwaitReady(log_begin);
    if (running_) break;
    std::fprintf(stderr, "%s\n", ServerLog().substr(log_begin).c_str());
    PGK_CHECK(options_.tcp && attempt < kAttempts, "the server starts");
    keeper_->Tell("reap");
    keeper_->AwaitAnswer();
  }
}

// True when it accepts connections, false when it says that it cannot.
bool PostgresCluster::AwaitReady(size_t log_begin) const {
  while (true) {
    // The eighth line says what state it is in (LOCK_FILE_LINE_PM_STATUS in miscadmin.h).
    std::ifstream file(data_directory_ + "/postmaster.pid");
    std::string line;
    for (int i = 0; i < 8; ++i) std::getline(file, line);
    if (file.good() && line.starts_with("ready")) return true;
    if (ServerLog().find("FATAL:", log_begin) != std::string::npos) return false;
    static_cast<void>(SystemClock().SleepFor(kPause, {}));
  }
}

pid_t PostgresCluster::PostmasterPid() const {
  const int pid = ::atoi(ReadFile(data_directory_ + "/postmaster.pid").c_str());
  PGK_CHECK(pid > 1, "the server runs");
  return pid;
}

void PostgresCluster::Signal(int number) {
  PGK_CHECK(running_, "the server runs");
  PGK_CHECK(::kill(PostmasterPid(), number) == 0, "the server gets a signal");
  keeper_->Tell("reap");
  keeper_->AwaitAnswer();
  running_ = false;
}

void PostgresCluster::Stop() { Signal(SIGINT); }

void PostgresCluster::StopImmediately() {
  Signal(SIGQUIT);
  // Only an orderly end removes it; the server starts over what is left, but AwaitReady() reads it.
  static_cast<void>(::unlink((data_directory_ + "/postmaster.pid").c_str()));
}

void PostgresCluster::KillBackend(int pid) const {
  const size_t log_begin = ServerLog().size();
  PGK_CHECK(pid > 1 && ::kill(pid, SIGKILL) == 0, "the backend can be killed");
  while (ServerLog().find("ready to accept connections", log_begin) == std::string::npos) {
    static_cast<void>(SystemClock().SleepFor(kPause, {}));
  }
}

std::string PostgresCluster::Conninfo(std::string_view database) const {
  return fmt::format("host={} port={} user=postgres dbname={}", directory_.path(), port_, database);
}

std::string PostgresCluster::TcpConninfo(std::string_view database) const {
  PGK_CHECK(options_.tcp, "the cluster listens on TCP");
  return fmt::format("host=127.0.0.1 port={} user=postgres dbname={}", port_, database);
}

std::string PostgresCluster::socket_path() const { return Join(fmt::format(".s.PGSQL.{}", port_)); }

int PostgresCluster::major_version() const {
  return ::atoi(ReadFile(data_directory_ + "/PG_VERSION").c_str());
}

std::string PostgresCluster::ProgramPath(std::string_view name) {
  return fmt::format("{}/{}", PostgresPrograms(), name);
}

std::vector<std::string> PostgresCluster::Environment(std::string_view database) const {
  return {fmt::format("PGHOST={}", directory_.path()), fmt::format("PGPORT={}", port_),
          "PGUSER=postgres", fmt::format("PGDATABASE={}", database)};
}

ProgramResult PostgresCluster::Run(std::string_view program,
                                   const std::vector<std::string>& arguments,
                                   std::string_view database) const {
  std::vector<std::string> words = {ProgramPath(program)};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return RunProgram(words, Environment(database));
}

std::string PostgresCluster::Sql(std::string_view sql, std::string_view database) const {
  std::string out =
      MustRunProgram({ProgramPath("psql"), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
                      "--set=ON_ERROR_STOP=1", "--command", std::string(sql)},
                     Environment(database));
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

std::string PostgresCluster::ServerLog() const { return ReadFile(Join(kLogName)); }

}  // namespace pgkeep::testing
