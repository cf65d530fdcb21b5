# shellcheck shell=bash
# Fetches source packages of Debian, as any user: with directories of our own, and the system's package sources read as
# sources of source packages. Sourced after packaging/prerequisites.sh and packaging/build-cache.sh.

# apt DIRECTORY PROGRAM ARGUMENT…: runs a program of APT with the directories below DIRECTORY.
apt_with() {
    local directory=$1/apt program=$2
    shift 2
    "$program" --option Dir::Etc::sourcelist=/dev/null --option Dir::Etc::sourceparts="$directory/parts" \
        --option Dir::State::lists="$directory/lists" --option Dir::Cache="$directory/cache" \
        --option APT::Sandbox::User=root "$@"
}

# update_source_lists DIRECTORY: gets the lists of source packages. Without the network those of the last time are used.
update_source_lists() {
    local directory=$1/apt codename
    # shellcheck disable=SC1091
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    mkdir --parents "$directory/parts" "$directory/lists/partial" "$directory/cache/archives/partial"
    source_stanzas "$codename" >"$directory/parts/poem.sources"
    source_lines "$codename" >"$directory/parts/poem.list"
    quietly apt_with "$1" apt-get --quiet update || say "the lists of source packages cannot be updated"
}

# source_stanzas CODENAME: prints the system's *.sources as sources of source packages. Those of other releases, and of
# backports and proposed updates, are left out.
source_stanzas() {
    find /etc/apt/sources.list.d -name '*.sources' -exec awk -v "codename=$1" '
        BEGIN { RS = ""; FS = "\n"; ORS = "\n\n" }
        {
            text = ""; ours = 0
            for (i = 1; i <= NF; i++) {
                if ($i ~ /^Types:/) $i = "Types: deb-src"
                if ($i ~ /^Suites:/) {
                    split(substr($i, 8), suites, " "); $i = "Suites:"
                    for (s in suites) if (index(suites[s], codename) == 1 && suites[s] !~ /-(backports|proposed)/) {
                        $i = $i " " suites[s]; ours = 1
                    }
                }
                if ($i !~ /^#/) text = text (text == "" ? "" : "\n") $i
            }
            if (ours) print text
        }' {} +
}

# source_lines CODENAME: the same for the format of one line each.
source_lines() {
    find /etc/apt/sources.list /etc/apt/sources.list.d -name '*.list' -exec sed --regexp-extended --quiet \
        "/^deb +(\[[^]]*\] +)?[^ ]+ +$1[^ ]* /{/-(backports|proposed)/!s/^deb /deb-src /p}" {} + 2>/dev/null || true
}

# fetch_source DIRECTORY NAME: fetches and unpacks the newest source package to DIRECTORY/NAME_VERSION/source, and prints
# its version. A mirror may not have the newest one yet.
fetch_source() {
    local version newest=
    while read -r version; do
        newest=${newest:-$version}
        if make_once "$1/$2_$version" fetch_version "$1" "$2" "$version"; then
            [ "$version" = "$newest" ] || say "WARNING: $2 $newest cannot be fetched, $version may lack security fixes"
            echo "$version"
            return
        fi
    done < <(apt_with "$1" apt-cache showsrc "$2" | sed --quiet 's/^Version: //p' | sort --version-sort --reverse --unique)
    say "the source package $2 cannot be fetched${newest:+ (newest version: $newest)}"
    return 1
}

# fetch_version DIRECTORY NAME VERSION OUTPUT
fetch_version() {
    say "fetching the source of $2 $3"
    (cd "$4" && quietly apt_with "$1" apt-get --quiet --only-source source "$2=$3" && mv "$2"-*/ source)
}
