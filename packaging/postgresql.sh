# shellcheck shell=bash
# Finds PostgreSQL's programs and runs them as a suitable user. Sourced by scripts; does nothing by itself.
# src/backup/pg_programs.rs looks in the same places.

# Prints the directory of initdb and postgres, version 10 or newer; fails if there is none.
postgresql_bin() {
    local candidate
    while IFS= read -r candidate; do
        if [ -x "$candidate/initdb" ] && [ -x "$candidate/postgres" ] &&
            [[ $("$candidate/postgres" --version) =~ \(PostgreSQL\)\ [1-9][0-9] ]]; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done < <(postgresql_candidates)
    return 1
}

postgresql_candidates() {
    [ -z "${POEM_PG_BIN:-}" ] || printf '%s\n' "$POEM_PG_BIN"
    printf '%s\n' "${PATH//:/$'\n'}"
    pg_config --bindir 2>/dev/null || true
    # The newest version first.
    find /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/rh/rh-postgresql*/root/usr/bin -maxdepth 0 2>/dev/null |
        sort --version-sort --reverse
}

# Prints the user that runs PostgreSQL: the current user, or an unprivileged one for root, which PostgreSQL refuses.
postgresql_user() {
    if [ "$(id -u)" -ne 0 ]; then
        id -un
    elif id postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

# as_postgresql_user COMMAND…: runs the command as that user.
as_postgresql_user() {
    if [ "$(id -u)" -eq 0 ]; then
        runuser -u "$(postgresql_user)" -- "$@"
    else
        "$@"
    fi
}
