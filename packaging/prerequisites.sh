# shellcheck shell=bash
# The prerequisites of building and trying POEM: finds the missing ones and installs only those. Sourced by ./try and
# ./check from the source directory; does nothing by itself.

# shellcheck source=packaging/postgresql.sh
. packaging/postgresql.sh

say() {
    printf 'poem: %s\n' "$*" >&2
}

# Prints the family of the system, which decides the names of packages: debian, redhat, redhat7 or other.
system_family() {
    if command -v apt-get >/dev/null; then
        echo debian
    elif grep --quiet --no-messages '^VERSION_ID="\?7' /etc/os-release && command -v yum >/dev/null; then
        echo redhat7
    elif command -v dnf >/dev/null || command -v yum >/dev/null; then
        echo redhat
    else
        echo other
    fi
}

# package FAMILY TOOL: prints the packages that provide a tool.
package() {
    case "$1 $2" in
        debian\ cc) printf 'gcc\nlibc6-dev\n' ;;
        *\ cc) echo gcc ;;
        debian\ certificates) echo ca-certificates ;;
        debian\ pkg-config | other\ pkg-config) echo pkg-config ;;
        *\ pkg-config) echo pkgconfig ;;
        debian\ openssl) echo libssl-dev ;;
        *\ openssl) echo openssl-devel ;;
        debian\ postgresql) echo postgresql ;;
        redhat7\ postgresql) echo rh-postgresql10-postgresql-server ;;
        *\ postgresql) echo postgresql-server ;;
        *) echo "$2" ;;
    esac
}

# Prints the missing packages, one per line.
missing_packages() {
    local family=$1
    can_link || package "$family" cc
    command -v pkg-config >/dev/null || package "$family" pkg-config
    has_openssl_headers || package "$family" openssl
    postgresql_bin >/dev/null || package "$family" postgresql
    command -v curl >/dev/null || package "$family" curl
    # Debian's packages only recommend them, and recommended packages are not installed.
    [ "$family" != debian ] || [ -e /etc/ssl/certs/ca-certificates.crt ] || package "$family" certificates
}

# Checks that a program can be linked, which needs the development files of the C library.
can_link() {
    command -v cc >/dev/null && echo 'int main(void) { return 0; }' | cc -x c -o /dev/null - 2>/dev/null
}

has_openssl_headers() {
    if command -v pkg-config >/dev/null; then
        pkg-config --exists openssl
    else
        [ -e /usr/include/openssl/ssl.h ]
    fi
}

# Runs a command as root: directly, or with sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo -- "$@"
    else
        sudo --non-interactive -- "$@"
    fi
}

may_become_root() {
    [ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null && { [ -t 0 ] || sudo --non-interactive true 2>/dev/null; }; }
}

# Installs the missing packages; exits if that fails.
install_missing_packages() {
    local family missing
    family=$(system_family)
    mapfile -t missing < <(missing_packages "$family")
    [ "${#missing[@]}" -gt 0 ] || return 0
    if [ "$family" = other ] || ! may_become_root; then
        say "these packages are missing (names may differ on your system): ${missing[*]}"
        say "install them, or run this as root, and try again"
        exit 1
    fi
    install_packages "$family" "${missing[@]}"
    mapfile -t missing < <(missing_packages "$family")
    if [ "${#missing[@]}" -gt 0 ]; then
        say "still missing after the installation: ${missing[*]}"
        exit 1
    fi
}

# Installs Apache, which a test runs in front of two servers. Without it that test is skipped, with a message.
install_apache_if_possible() {
    local family
    family=$(system_family)
    command -v apache2 httpd /usr/sbin/apache2 /usr/sbin/httpd >/dev/null && return
    may_become_root || return 0
    # In subshells, which a failed installation exits. Debian's package apache2 would start a web server; apache2-bin
    # does not.
    case $family in
        debian) (install_packages debian apache2-bin) ;;
        redhat | redhat7) (install_packages "$family" httpd) ;;
    esac || true
}

# Installs PgBouncer, which a test runs in front of PostgreSQL. Without it that test is skipped, with a message.
install_pgbouncer_if_possible() {
    local family
    family=$(system_family)
    command -v pgbouncer /usr/sbin/pgbouncer >/dev/null && return
    may_become_root || return 0
    case $family in
        debian) (install_packages debian pgbouncer) ;;
        redhat | redhat7) (install_packages "$family" pgbouncer) ;;
    esac || true
}

# install_packages FAMILY PACKAGE…: installs the packages; exits if that fails.
install_packages() {
    local family=$1
    shift
    say "installing $*"
    case $family in
        debian) install_with_apt "$@" ;;
        redhat7) install_with yum "$@" ;;
        redhat) install_with "$(command -v dnf || command -v yum)" "$@" ;;
    esac
}

install_with_apt() {
    local no_cluster=/etc/postgresql-common/createcluster.d/poem.conf made=
    # POEM starts a private PostgreSQL, so the package need not start one. If the package is already installed, its
    # settings belong to the administrator.
    if ! dpkg --status postgresql-common >/dev/null 2>&1 && [ ! -e "$no_cluster" ]; then
        as_root mkdir --parents "$(dirname "$no_cluster")"
        echo 'create_main_cluster = false' | as_root tee "$no_cluster" >/dev/null
        made=yes
        # Also if this is interrupted.
        trap 'as_root rm --force /etc/postgresql-common/createcluster.d/poem.conf' EXIT
    fi
    quietly as_root apt-get update || say "apt-get update failed; continuing with the existing package lists"
    local result=0
    # RUNLEVEL=1: services of the packages are not started.
    quietly as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install --yes --no-install-recommends "$@" || result=$?
    if [ -n "$made" ]; then
        as_root rm --force "$no_cluster"
        trap - EXIT
    fi
    [ "$result" -eq 0 ] || exit 1
}

install_with() {
    local manager=$1
    shift
    if [ "$(system_family)" = redhat7 ]; then
        # The repository of PostgreSQL 10; the system's own PostgreSQL is too old.
        quietly as_root "$manager" --assumeyes install centos-release-scl || exit 1
    fi
    quietly as_root "$manager" --assumeyes install "$@" || exit 1
}

# Runs a command and shows its output only if it fails.
quietly() {
    local output
    if ! output=$("$@" 2>&1); then
        printf '%s\n' "$output" >&2
        return 1
    fi
}

# Checks that Rust is installed and new enough; exits if it is not. Most systems' own packages are too old, hence
# rustup.
require_rust() {
    local needed found
    if ! command -v cargo >/dev/null && [ -r "${HOME:-}/.cargo/env" ]; then
        # shellcheck disable=SC1091
        . "${HOME:-}/.cargo/env"
    fi
    needed=$(sed --quiet 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
    if ! command -v cargo >/dev/null; then
        say "Rust is missing (version $needed or newer). Install it, then run this again:"
        say "    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
        exit 1
    fi
    found=$(cargo --version | cut --delimiter=' ' --fields=2)
    if ! printf '%s\n' "$needed" "$found" | sort --version-sort --check=quiet; then
        say "Rust $found is too old, POEM needs $needed or newer. With rustup: rustup update stable"
        exit 1
    fi
}
