# Sourced by every text test: helpers that make data, damage and other users.
# shellcheck shell=bash

# random_file NAME BYTES SEED: the same bytes for the same seed.
random_file() {
  python3 -c 'import random, sys
open(sys.argv[1], "wb").write(random.Random(int(sys.argv[3])).randbytes(int(sys.argv[2])))' "$@"
}

# put ARGUMENT...: stores and prints only the id.
put() {
  repository_tool put "$@" --threads 1 | sed -n 's/^backup //p'
}

# flip_byte FILE OFFSET: changes one byte, whatever the mode of the file.
flip_byte() {
  chmod u+w "$1"
  python3 -c 'import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]))
    byte = file.read(1)[0]
    file.seek(int(sys.argv[2]))
    file.write(bytes([byte ^ 1]))' "$@"
}

# newer_format REPOSITORY: what a pgkeep of the next major format would leave: the version in the
# magic of the configuration, with a matching CRC-32C.
newer_format() {
  chmod -R u+w "$1"
  python3 -c 'import pathlib, struct, sys
def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff
root = pathlib.Path(sys.argv[1])
for path in [*root.glob("config.*"), *root.glob("cfgcopy/*")]:
    data = bytearray(path.read_bytes())
    assert crc32c(data[:-4]) == struct.unpack("<I", data[-4:])[0], path
    data[7] = ord("2")
    path.write_bytes(data[:-4] + struct.pack("<I", crc32c(data[:-4])))' "$1"
}

# as_nobody COMMAND...: as a user without rights. An ordinary user is one already.
as_nobody() {
  if [ "$(id -u)" -ne 0 ]; then
    "$@"
    return
  fi
  # The build directory may be closed to others.
  [ -e "$DIR/.copies/pgkeep" ] || {
    mkdir -p "$DIR/.copies"
    cp "$DIR/.bin/pgkeep" "$DIR/.copies/pgkeep"
    chmod -R a+rX "$DIR/.copies"
  }
  PATH="$DIR/.copies:$PATH" setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# give_nobody FILE: makes it the property of the user of as_nobody.
give_nobody() {
  [ "$(id -u)" -ne 0 ] || chown 65534:65534 "$1"
}

# The directory of this file.
HERE=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
POOLERS=()

# beside COMMAND...: what a server is started with, as the last command of a subshell. Servers that
# end with their input would not, as long as another one could still write to it.
beside() {
  exec "$@" 6>&- 7>&- 8>&-
}

# start_proxy OPTION...: a network in front of the server that breaks as proxy.py is told. It is on
# 127.0.0.1, port $PROXY_PORT, and ends with the test or at the next call.
start_proxy() {
  [ -z "${PROXY_PID:-}" ] || { kill "$PROXY_PID"; wait "$PROXY_PID" 2>/dev/null; }
  rm -f "$DIR/.proxy"
  # It ends with its input, which is open as long as this shell is there.
  [ -p "$DIR/.proxy.in" ] || { mkfifo "$DIR/.proxy.in"; exec 8<>"$DIR/.proxy.in"; }
  beside python3 "$HERE/proxy.py" "$DIR/.pg/.s.PGSQL.5432" "$@" >"$DIR/.proxy" 2>&1 \
    <"$DIR/.proxy.in" &
  PROXY_PID=$!
  until [ -s "$DIR/.proxy" ]; do sleep 0.05; done
  PROXY_PORT=$(head -1 "$DIR/.proxy")
}

# await_proxy WORD: until the proxy has done what the word says: "cut" or "stalled".
await_proxy() {
  until grep -q "^$1$" "$DIR/.proxy"; do sleep 0.05; done
}

# start_pooler MODE: PgBouncer before the server, in the directory $DIR/.pool-MODE, as all databases
# and with a pool of MODE (session or transaction). It ends with the test.
start_pooler() {
  local place="$DIR/.pool-$1"
  mkdir "$place"
  echo '"postgres" ""' >"$place/users"
  cat >"$place/ini" <<INI
[databases]
* = host=$DIR/.pg user=postgres
[pgbouncer]
unix_socket_dir = $place
listen_port = 5432
auth_type = trust
auth_file = $place/users
pool_mode = $1
default_pool_size = 10
ignore_startup_parameters = extra_float_digits
INI
  [ "$(id -u)" -ne 0 ] || chown postgres "$place"
  beside "${PG_OWNER[@]}" "${PGKEEP_TEST_PGBOUNCER:-/usr/sbin/pgbouncer}" "$place/ini" \
    >/dev/null 2>&1 &
  POOLERS+=($!)
  # Its name is there a moment before somebody listens on it.
  until python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])' \
    "$place/.s.PGSQL.5432" 2>/dev/null; do sleep 0.05; done
}

stop_poolers() {
  [ ${#POOLERS[@]} -eq 0 ] || kill "${POOLERS[@]}"
}

# free_port: a port of 127.0.0.1 on which nobody listens.
free_port() {
  python3 "$HERE/../python/free_port.py"
}

# aftermath: what a backup that failed has left: how the history tells it, and how many backups
# there are.
aftermath() {
  newest_job backup
  pgkeep list --json | field '"backups: %d" % len(d["backups"])'
}

# newest_job KIND: how the newest job of this kind has ended: state, phase and code of the error.
newest_job() {
  pgkeep history --kind "$1" --limit 1 --json | field \
    '"{status} {phase} {error[code]}".format(**d["jobs"][0])'
}

# start_server: a private PostgreSQL with the superuser postgres, that ends with the test. $SERVER
# leads to it; everybody is trusted but the role `locked`.
start_server() {
  PG_BIN=${PGKEEP_TEST_PG_BIN:-/usr/lib/postgresql/15/bin}
  SERVER="host=$DIR/.pg user=postgres"
  PG_OWNER=()
  mkdir "$DIR/.pg"
  if [ "$(id -u)" -eq 0 ]; then # the server refuses to run as root
    PG_OWNER=(setpriv --reuid=postgres --regid="$(id -g postgres)" --clear-groups)
    chown postgres "$DIR/.pg"
  fi
  trap end_servers EXIT
  (
    set -e
    cd "$DIR/.pg"
    "${PG_OWNER[@]}" "$PG_BIN/initdb" -D data -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N \
      --no-instructions >/dev/null
    printf 'local all locked scram-sha-256\nlocal all all trust\n' >data/pg_hba.conf
    run_server
  )
}

# run_server [OPTION...]: starts it again, with options of the server.
run_server() {
  (cd "$DIR/.pg" && beside "${PG_OWNER[@]}" "$PG_BIN/pg_ctl" -D data -w -t 120 -l log start \
    -o "-c fsync=off -c listen_addresses='' -c unix_socket_directories='$DIR/.pg' $*" >/dev/null)
}

# Ends what start_server, start_s3 and start_s3_proxy have started. The last two end when their
# input does.
end_servers() {
  stop_poolers
  [ ! -e "$DIR/.pg" ] || stop_server
  [ -z "${S3_PROXY_KEEPER-}" ] || {
    exec 7>&-
    wait "$S3_PROXY_KEEPER"
  }
  [ -z "${S3_KEEPER-}" ] || {
    exec 6>&-
    wait "$S3_KEEPER"
  }
}

stop_server() {
  (cd "$DIR/.pg" && "${PG_OWNER[@]}" "$PG_BIN/pg_ctl" -D data -w -m immediate stop >/dev/null 2>&1)
}

# start_s3 BUCKET [OPTION...]: a private S3 server with this bucket, that ends with the test. $S3
# leads to it; access keys are in the environment. Options are those of object_gateway.py.
start_s3() {
  local bucket=$1
  shift
  mkfifo "$DIR/.s3-in"
  : >"$DIR/.s3-out"
  beside /usr/bin/python3 "$HERE/../s3/object_gateway.py" "$DIR/.s3" "$@" \
    <"$DIR/.s3-in" >"$DIR/.s3-out" 2>"$DIR/.s3-err" &
  S3_KEEPER=$!
  exec 6>"$DIR/.s3-in"
  trap end_servers EXIT
  await_lines "$DIR/.s3-out" 1 "$S3_KEEPER" || return 1
  read -r _ S3 AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY S3_CA_FILE <"$DIR/.s3-out"
  [ "$S3_CA_FILE" = - ] || export AWS_CA_BUNDLE=$S3_CA_FILE
  export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_DEFAULT_REGION=us-east-1 no_proxy=127.0.0.1
  s3api create-bucket --bucket "$bucket" >/dev/null
}

# start_s3_proxy: a network before the S3 server that breaks (fault_proxy.py). $S3_PROXY leads
# through it. Ends with the test.
start_s3_proxy() {
  mkfifo "$DIR/.s3-proxy-in"
  : >"$DIR/.s3-proxy-out"
  beside /usr/bin/python3 "$HERE/../s3/fault_proxy.py" "$DIR/.s3-proxy" "${S3#*://}" \
    <"$DIR/.s3-proxy-in" >"$DIR/.s3-proxy-out" 2>"$DIR/.s3-proxy-err" &
  S3_PROXY_KEEPER=$!
  exec 7>"$DIR/.s3-proxy-in"
  await_lines "$DIR/.s3-proxy-out" 1 "$S3_PROXY_KEEPER" || return 1
  read -r _ S3_PROXY <"$DIR/.s3-proxy-out"
}

# await_lines FILE N PROCESS: until the file has N lines; fails when the process ends before.
await_lines() {
  until [ "$(wc -l <"$1")" -ge "$2" ]; do
    kill -0 "$3" || return 1
    sleep 0.02
  done
}

# s3api WORD...: the independent client, as the owner of the server's buckets.
s3api() {
  env -u PYTHONPATH aws --endpoint-url "$S3" s3api "$@"
}

# s3_census [FOLDER...]: what is in the bucket `backups`, with older versions (census.py).
s3_census() {
  s3api list-object-versions --bucket backups --output json | python3 "$HERE/../s3/census.py" "$@"
}

# s3_server COMMAND...: one of the commands of object_gateway.py.
s3_server() {
  local before
  before=$(wc -l <"$DIR/.s3-out")
  echo "$*" >&6
  await_lines "$DIR/.s3-out" $((before + 1)) "$S3_KEEPER"
}

# break_s3 KINDS COUNT PATTERN: the proxy breaks these requests from now on.
break_s3() {
  s3_proxy break "$@" >/dev/null
}

# mend_s3: the proxy breaks nothing any more.
mend_s3() {
  break_s3 refuse 0 '^$'
}

# fired [KIND]: how many requests the proxy has broken since the last break_s3.
fired() {
  s3_proxy fired "$@"
}

s3_proxy() {
  local before
  before=$(wc -l <"$DIR/.s3-proxy-out")
  echo "$*" >&7
  await_lines "$DIR/.s3-proxy-out" $((before + 1)) "$S3_PROXY_KEEPER"
  tail -1 "$DIR/.s3-proxy-out" | sed 's/^done //'
}

# s3_requests COMMAND...: runs it, and then prints which requests the server has logged meanwhile
# (count_requests.py).
s3_requests() {
  local begin end
  begin=$(s3_log_mark)
  "$@"
  end=$(s3_log_mark)
  python3 "$HERE/../s3/count_requests.py" "$DIR/.s3/gateway.log" $((begin + 1)) $((end - 1))
}

# s3_log_mark: waits until everything that was asked so far is logged; prints the number of lines.
# The log lags behind the answers; a request that nobody else makes marks its end.
s3_log_mark() {
  local log="$DIR/.s3/gateway.log" mark=mark-$RANDOM$RANDOM-end
  python3 -c 'import sys, urllib.parse, http.client
url = urllib.parse.urlsplit(sys.argv[1])
server = http.client.HTTPConnection(url.netloc)
server.request("GET", url.path)
server.getresponse().read()' "$S3/$mark"
  until grep -n " beast: .*$mark" "$log" | cut -d: -f1 | grep .; do sleep 0.02; done
}

# attacker PREFIX KIND...: attacks on the bucket `locked` with the credential in the environment.
attacker() {
  env -u PYTHONPATH /usr/bin/python3 "$HERE/../s3/attacker.py" "$S3" locked "$@"
}

# sql DATABASE TEXT: runs it as the superuser and prints rows with | between columns.
sql() {
  "$PG_BIN/psql" -h "$DIR/.pg" -U postgres -d "$1" -XAtq -v ON_ERROR_STOP=1 -c "$2"
}

# await_sql DATABASE QUERY: until the query says t.
await_sql() {
  until [ "$(sql "$1" "$2")" = t ]; do sleep 0.05; done
}

# new_source NAME=CONNINFO...: a repository with a configuration of these sources. With
# PGKEEP_TEST_STORE=s3 it is in a bucket of a private S3 server, and else in a directory;
# "${REPOSITORY[@]}" are the options that lead there.
new_source() {
  local options=() source
  for source in "$@"; do options+=(--source "$source"); done
  REPOSITORY=(--repository "$DIR/repository")
  if [ "${PGKEEP_TEST_STORE-}" = s3 ]; then
    [ -n "${S3_KEEPER-}" ] || start_s3 backups || return 1
    REPOSITORY=(--repository s3://backups/repository --s3-endpoint "$S3")
  fi
  pgkeep init "${REPOSITORY[@]}" --quiet "${options[@]}" >/dev/null
}

# field EXPRESSION: reads a JSON document and prints what a Python expression makes of it, as d.
field() {
  python3 -c 'import json, sys
d = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$1"
}

# For shells that a test starts.
export -f random_file put
