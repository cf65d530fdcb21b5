# Finds the programs of PostgreSQL and runs them as a user who may. Sourced by scripts; does nothing by itself.
# src/trial/postgres.rs looks in the same places.

# Prints the directory that holds initdb and postgres; fails where there is none.
postgresql_bin() {
    local candidate
    {
        printf '%s\n' "${POEM_PG_BIN:-}"
        local IFS=:
        for candidate in $PATH; do printf '%s\n' "$candidate"; done
        pg_config --bindir 2>/dev/null || true
        # The newest first.
        find /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/rh/rh-postgresql*/root/usr/bin \
            -maxdepth 0 2>/dev/null | sort --version-sort --reverse || true
    } | while IFS= read -r candidate; do
        if [ -n "$candidate" ] && [ -x "$candidate/initdb" ] && [ -x "$candidate/postgres" ]; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done | grep --max-count=1 .
}

# The user who runs PostgreSQL: oneself, or an unprivileged user where oneself is root, which PostgreSQL refuses.
postgresql_user() {
    if [ "$(id -u)" -ne 0 ]; then
        id -un
    elif id postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

# as_postgresql_user COMMAND… : runs it as that user.
as_postgresql_user() {
    if [ "$(id -u)" -eq 0 ]; then
        runuser -u "$(postgresql_user)" -- "$@"
    else
        "$@"
    fi
}
