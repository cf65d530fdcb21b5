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
        debian\ libxml2) echo libxml2-dev ;;
        *\ libxml2) echo libxml2-devel ;;
        # The second one is loaded while POEM runs.
        debian\ xmlsec) printf 'libxmlsec1-dev\nlibxmlsec1-openssl\n' ;;
        # xmlsec1 is linked with libltdl there.
        *\ xmlsec) printf 'xmlsec1-devel\nxmlsec1-openssl-devel\nlibtool-ltdl-devel\n' ;;
        # Without the headers and the compiler that libclang-dev brings.
        debian\ libclang) if is_debian_12; then printf 'libclang1-14\nlibclang-common-14-dev\n'; else echo libclang-dev; fi ;;
        *\ libclang) echo clang-devel ;;
        debian\ postgresql) echo postgresql ;;
        *\ postgresql) echo postgresql-server ;;
        *) echo "$2" ;;
    esac
}

# Prints the missing packages, one per line.
missing_packages() {
    local family=$1
    can_link || package "$family" cc
    command -v pkg-config >/dev/null || package "$family" pkg-config
    has_library openssl openssl/ssl.h || package "$family" openssl
    has_library libxml-2.0 libxml2/libxml/tree.h || package "$family" libxml2
    has_xmlsec || package "$family" xmlsec
    has_libclang || package "$family" libclang
    postgresql_bin >/dev/null || package "$family" postgresql
    command -v curl >/dev/null || package "$family" curl
    # Debian's packages only recommend them, and recommended packages are not installed.
    [ "$family" != debian ] || [ -e /etc/ssl/certs/ca-certificates.crt ] || package "$family" certificates
}

# Checks that a program can be linked, which needs the development files of the C library.
can_link() {
    command -v cc >/dev/null && echo 'int main(void) { return 0; }' | cc -x c -o /dev/null - 2>/dev/null
}

# has_library NAME HEADER: checks that the development files of a library are installed. Without pkg-config, which is then
# installed as well, the header is looked for.
has_library() {
    if command -v pkg-config >/dev/null; then
        pkg-config --exists "$1"
    else
        [ -e "/usr/include/$2" ]
    fi
}

# Checks for xmlsec1 with its tool, which the build asks for flags, and with its part for OpenSSL, which some systems load
# only while POEM runs.
has_xmlsec() {
    command -v xmlsec1-config >/dev/null && has_library xmlsec1-openssl xmlsec1/xmlsec/openssl/app.h &&
        [[ $(PATH=$PATH:/sbin:/usr/sbin ldconfig -p) == *libxmlsec1-openssl.so* ]]
}

# Checks for libclang and its headers, which the build reads the headers of xmlsec1 with. It looks where the crate
# clang-sys does.
has_libclang() {
    local directory configured
    configured=$("${LLVM_CONFIG_PATH:-llvm-config}" --libdir 2>/dev/null) || configured=
    [ -z "${LIBCLANG_PATH:-}" ] || return 0
    compgen -G '/usr/lib*/clang/*/include/stddef.h' >/dev/null ||
        compgen -G '/usr/lib*/llvm*/lib*/clang/*/include/stddef.h' >/dev/null ||
        compgen -G "${configured:-/none}/clang/*/include/stddef.h" >/dev/null || return 1
    for directory in "${configured:-/none}" '/usr/local/llvm*/lib*' '/usr/local/lib*/*/*' '/usr/local/lib*/*' \
        '/usr/local/lib*' '/usr/lib*/*/*' '/usr/lib*/*' '/usr/lib*'; do
        ! compgen -G "$directory/libclang.so*" >/dev/null || return 0
        ! compgen -G "$directory/libclang-[0-9]*.so*" >/dev/null || return 0
    done
    return 1
}

is_debian_12() {
    grep --quiet --no-messages '^ID=debian$' /etc/os-release && grep --quiet '^VERSION_ID="12"$' /etc/os-release
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
    if [ "$family" = redhat7 ]; then
        say "missing: ${missing[*]}"
        say "POEM cannot be built on CentOS 7, whose libraries are too old. There it is installed from its RPM."
        exit 1
    fi
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

# Installs Apache, which tests run with the packaged vhost. Without it those tests are skipped, with a message.
install_apache_if_possible() {
    local family
    family=$(system_family)
    command -v apache2 httpd /usr/sbin/apache2 /usr/sbin/httpd >/dev/null && return
    may_become_root || return 0
    # In subshells, which a failed installation exits. Debian's package apache2 would start a web server; apache2-bin
    # does not.
    case $family in
        debian) (install_packages debian apache2-bin) ;;
        redhat) (install_packages "$family" httpd mod_ssl) ;;
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
        redhat) (install_packages "$family" pgbouncer) ;;
    esac || true
}

# Installs SimpleSAMLphp, an identity provider at which tests log in, and xmllint. Without it these tests are skipped, with
# a message. Its package needs a web server, so it is not installed but unpacked into the target directory.
install_simplesamlphp_if_possible() {
    local missing
    # Other systems do not have the package.
    [ "$(system_family)" = debian ] || return 0
    mapfile -t missing < <(missing_for_simplesamlphp)
    if [ "${#missing[@]}" -gt 0 ] && may_become_root; then
        (install_packages debian "${missing[@]}") || true
    fi
    has_simplesamlphp || unpack_simplesamlphp || say "SimpleSAMLphp cannot be fetched, which needs the network once"
}

# Prints the missing packages, one per line.
missing_for_simplesamlphp() {
    command -v php >/dev/null || echo php-cli
    has_php_extension dom || echo php-xml
    has_php_extension mbstring || echo php-mbstring
    command -v xmllint >/dev/null || echo libxml2-utils
}

has_php_extension() {
    command -v php >/dev/null && php -r "exit(extension_loaded('$1') ? 0 : 1);" 2>/dev/null
}

simplesamlphp_directory() {
    echo "${CARGO_TARGET_DIR:-target}/simplesamlphp"
}

has_simplesamlphp() {
    [ -d "$(simplesamlphp_directory)/usr/share/simplesamlphp/www" ]
}

# Fetches and unpacks the package. That needs the network, once.
unpack_simplesamlphp() {
    local directory fetched
    directory=$(simplesamlphp_directory)
    mkdir --parents "$(dirname "$directory")"
    fetched=$(mktemp --directory "$directory.XXXXXX")
    say "fetching SimpleSAMLphp"
    # As root, apt-get changes to a user who may not write here, and warns.
    if (cd "$fetched" && quietly apt-get --option APT::Sandbox::User=root download simplesamlphp) &&
        dpkg --extract "$fetched"/simplesamlphp_*.deb "$fetched/unpacked"; then
        rm --recursive --force "$directory"
        mv "$fetched/unpacked" "$directory"
    fi
    rm --recursive --force "$fetched"
    has_simplesamlphp
}

# Installs pysaml2, a second identity provider at which tests log in. Without it these tests are skipped, with a message.
install_pysaml2_if_possible() {
    local missing=()
    [ "$(system_family)" = debian ] || return 0
    "${POEM_PYTHON:-/usr/bin/python3}" -c 'import saml2.server' 2>/dev/null || missing+=(python3-pysaml2)
    command -v xmlsec1 >/dev/null || missing+=(xmlsec1)
    [ "${#missing[@]}" -gt 0 ] && may_become_root || return 0
    (install_packages debian "${missing[@]}") || true
}

# Installs what installs packages into an install root. Without it the checks of the RPM are skipped, with a message.
install_rpm_checks_if_possible() {
    local missing
    [ "$(system_family)" = debian ] && may_become_root || return 0
    mapfile -t missing < <(missing_for_check_rpm)
    [ "${#missing[@]}" -eq 0 ] || (install_packages debian "${missing[@]}") || true
}

# Prints the missing packages of Debian, one per line.
missing_for_check_rpm() {
    local tool
    for tool in rpmbuild:rpm rpm2cpio:rpm2cpio cpio:cpio dnf:dnf createrepo_c:createrepo-c rpmlint:rpmlint \
        busybox:busybox-static bash-static:bash-static python3:python3 objcopy:binutils systemd-analyze:systemd; do
        command -v "${tool%:*}" >/dev/null || echo "${tool#*:}"
    done
    command -v apache2 httpd /usr/sbin/apache2 /usr/sbin/httpd >/dev/null || echo apache2-bin
    postgresql_bin >/dev/null || package debian postgresql
}

# install_packages FAMILY PACKAGE…: installs the packages; exits if that fails.
install_packages() {
    local family=$1
    shift
    say "installing $*"
    case $family in
        debian) install_with_apt "$@" ;;
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
    local repository options=()
    # Some development files are in a repository that is not enabled. It is enabled for this call only.
    repository=$(development_repository "$manager") || true
    [ -z "$repository" ] || options=("--enablerepo=$repository")
    quietly as_root "$manager" --assumeyes "${options[@]}" install "$@" || exit 1
}

# development_repository MANAGER: prints the id of the repository for development files; nothing if there is none. It is
# PowerTools in version 8 and CRB in version 9; Red Hat and Oracle have longer names.
development_repository() {
    local names='crb|[Pp]ower[Tt]ools|codeready-builder-for-rhel-[0-9]+-.*-rpms|ol[0-9]+_codeready_builder'
    "$1" --quiet repolist --all 2>/dev/null | awk -v "names=^($names)\$" '$1 ~ names && $1 !~ /debug|source/ { print $1; exit }'
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
