# shellcheck shell=bash
# Starts and stops PostgreSQL, POEM and nginx for the benchmark, all in $scratch. Sourced by benchmark/run.

# The process ids of the running servers; empty if they do not run.
poem_pid='' nginx_pid='' postgresql_runs=''

# Prints a free port.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Starts PostgreSQL with the default settings of initdb: every commit waits for the disk.
start_postgresql() {
    mkdir --mode=0700 "$scratch/postgresql"
    [ "$(id -u)" -ne 0 ] || chown "$(postgresql_user)" "$scratch/postgresql"
    (
        # The server's user may not be able to enter the source directory.
        cd /
        as_postgresql_user "$pg_bin/initdb" --pgdata="$scratch/postgresql/data" --username=poem --auth=trust \
            --encoding=UTF8 --locale=C >"$scratch/initdb.log" 2>&1 || { cat "$scratch/initdb.log" >&2; exit 1; }
        as_postgresql_user "$pg_bin/pg_ctl" --pgdata="$scratch/postgresql/data" --log="$scratch/postgresql/log" \
            --silent -w start -o "-k $scratch/postgresql -c listen_addresses=''"
    )
    postgresql_runs=yes
}

# sql DATABASE STATEMENT
sql() {
    "$psql" --host="$scratch/postgresql" --username=poem --no-psqlrc --quiet --tuples-only --no-align \
        --set=ON_ERROR_STOP=1 --dbname="$1" --command="$2"
}

# log_statements 0 makes PostgreSQL log every statement with its duration; -1 stops that.
log_statements() {
    sql postgres "ALTER SYSTEM SET log_min_duration_statement = $1"
    sql postgres 'SELECT pg_reload_conf()' >/dev/null
    sleep 0.5
}

# Prints the lines that PostgreSQL has logged since its log had this many bytes.
postgresql_log_since() {
    tail --bytes=+$(($1 + 1)) "$scratch/postgresql/log"
}

postgresql_log_size() {
    stat --format=%s "$scratch/postgresql/log"
}

# Writes poem.conf and the logging file as shipped, with other paths, and generates the secret key.
prepare_poem() {
    local venv=$scratch/venv
    mkdir --parents "$venv/etc/poem"
    cat >"$venv/etc/poem/poem.conf" <<CONF
[DEFAULT]
VENV = $venv
[GENERAL]
Debug = False
TimeZone = Europe/Zagreb
[DATABASE]
Name = poem
User = poem
Password = unused
Host = $scratch/postgresql
Port = 5432
[SECURITY]
AllowedHosts = *
SecretKeyPath = %(VENV)s/etc/poem/secret_key
[SUPERUSER_EGI]
Name = bench
Password = $bench_password
Email = bench@example.org
[SERVER]
Port = $poem_port
User = $(id --user --name)
StaticPath = $PWD/static
TemplatesPath = $PWD/templates
CONF
    # Keeps millions of lines out of this machine's syslog.
    sed "s,/dev/log,$scratch/no-syslog," etc/poem_logging.conf >"$venv/etc/poem/poem_logging.conf"
    export POEM_CONF=$venv/etc/poem/poem.conf
    "$poem" genseckey -f "$venv/etc/poem/secret_key" >/dev/null
}

# use_database NAME: creates an empty database, which POEM uses from now on.
use_database() {
    export POEM__DATABASE__NAME=$1
    sql postgres "CREATE DATABASE $1"
    "$poem" db -c >/dev/null
}

start_poem() {
    "$poem" serve >"$scratch/poem.out" 2>&1 &
    poem_pid=$!
    for _ in $(seq 100); do
        if curl --silent --output /dev/null "http://127.0.0.1:$poem_port/"; then return 0; fi
        sleep 0.1
    done
    cat "$scratch/poem.out" >&2
    return 1
}

stop_poem() {
    [ -n "$poem_pid" ] || return 0
    kill "$poem_pid" 2>/dev/null || true
    wait "$poem_pid" 2>/dev/null || true
    poem_pid=''
}

# Starts nginx, which serves the files in $scratch/files with one worker per core; POEM has as many threads.
start_nginx() {
    cat >"$scratch/nginx.conf" <<CONF
daemon off;
worker_processes auto;
pid $scratch/nginx.pid;
error_log $scratch/nginx-error.log;
events { worker_connections 1024; }
http {
    access_log $scratch/nginx-access.log;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    default_type application/json;
    etag on;
    gzip_static on;
    gzip_vary on;
    client_body_temp_path $scratch/nginx-body;
    proxy_temp_path $scratch/nginx-proxy;
    fastcgi_temp_path $scratch/nginx-fastcgi;
    uwsgi_temp_path $scratch/nginx-uwsgi;
    scgi_temp_path $scratch/nginx-scgi;
    server {
        listen 127.0.0.1:$nginx_port;
        root $scratch/files;
    }
}
CONF
    nginx -p "$scratch" -e "$scratch/nginx-error.log" -c "$scratch/nginx.conf" 2>"$scratch/nginx.out" &
    nginx_pid=$!
    for _ in $(seq 50); do
        if curl --silent --output /dev/null "http://127.0.0.1:$nginx_port/"; then return 0; fi
        sleep 0.1
    done
    cat "$scratch/nginx.out" >&2
    return 1
}

stop_nginx() {
    [ -n "$nginx_pid" ] || return 0
    kill "$nginx_pid" 2>/dev/null || true
    wait "$nginx_pid" 2>/dev/null || true
    nginx_pid=''
}

stop_postgresql() {
    [ -n "$postgresql_runs" ] || return 0
    (cd / && as_postgresql_user "$pg_bin/pg_ctl" --pgdata="$scratch/postgresql/data" stop --mode=immediate --silent) ||
        true
    postgresql_runs=''
}

# Prints the peak and the current resident memory of the server in KiB.
memory_of_poem() {
    awk '/^VmHWM/ { peak = $2 } /^VmRSS/ { now = $2 } END { print peak "\t" now }' "/proc/$poem_pid/status"
}
