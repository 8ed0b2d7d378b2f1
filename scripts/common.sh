# Sourced by ./demo, ./test and the scripts beside this file: one place for what they share.
# shellcheck shell=bash

export LC_ALL=C.UTF-8

# A build user of a CI system may have no home; the compiler cache needs one.
if [ ! -w "${HOME:-/nonexistent}" ]; then
  mkdir -p build/home
  export HOME="$PWD/build/home"
fi

# Parallel jobs of builds and tests: all processors, or what PGKEEP_JOBS says.
jobs=${PGKEEP_JOBS:-$(nproc)}

# configure PRESET [cmake argument ...]: quiet unless it fails.
configure() {
  mkdir -p build
  local log="build/configure-$1.log"
  if ! cmake --preset "$@" >"$log" 2>&1; then
    cat "$log"
    return 1
  fi
}

# build PRESET [cmake --build argument ...]
build() {
  cmake --build --preset "$1" --parallel "$jobs" "${@:2}"
}
