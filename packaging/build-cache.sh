# shellcheck shell=bash
# The cache of what is made once for building RPMs: tools and static libraries. It is outside the source tree, so that
# several clones share it, and it may be deleted. Sourced by the scripts that build RPMs, from the source directory.

# Prints the directory of the cache.
build_cache() {
    echo "${POEM_BUILD_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/poem}"
}

# What zig compiles once belongs there, too.
ZIG_GLOBAL_CACHE_DIR=$(build_cache)/zig
CARGO_ZIGBUILD_CACHE_DIR=$(build_cache)/cargo-zigbuild
export ZIG_GLOBAL_CACHE_DIR CARGO_ZIGBUILD_CACHE_DIR

# make_once DIRECTORY COMMAND…: runs the command, which fills the directory given as its last argument, unless the
# directory exists. A directory is complete or missing, even if the command is interrupted or two of them start at a
# time. It is filled under another name.
make_once() {
    local directory=$1 result=0
    shift
    [ ! -d "$directory" ] || return 0
    mkdir --parents "$(dirname "$directory")"
    (
        flock 9
        [ ! -d "$directory" ] || exit 0
        rm --recursive --force "$directory.partial"
        mkdir "$directory.partial"
        "$@" "$directory.partial" && mv "$directory.partial" "$directory"
    ) 9>"$directory.lock" || result=$?
    return "$result"
}
