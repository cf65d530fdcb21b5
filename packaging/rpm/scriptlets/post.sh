# After the files of POEM are installed: takes over the places of POEM 2.3, and gives the directories to their owners.
# Nothing here touches the database or httpd, or makes a secret key.
umask 022
VENV=/home/pyvenv/poem

# Checks for a link that somebody other than root made: POEM 2.3 gave all of VENV to apache, and root must not follow a
# link of apache's.
is_foreign_link() {
    [ -L "$1" ] && [ "$(stat -c %u "$1")" != 0 ]
}

# own_directory DIRECTORY OWNER MODE: gives a directory to its owner. Fails if it is a foreign link.
own_directory() {
    [ -d "$1" ] || return 0
    if is_foreign_link "$1"; then
        echo "poem: $1 is a link that does not belong to root; it is left alone. Remove it, then: yum reinstall poem"
        return 1
    fi
    chown "$2" "$1/." && chmod "$3" "$1/."
}

# own_file FILE OWNER MODE: gives a file to its owner, unless it is a link, or another name of a file elsewhere.
own_file() {
    [ -f "$1" ] && [ ! -L "$1" ] && [ "$(stat -c %h "$1")" = 1 ] || return 0
    chown "$2" "$1" && chmod "$3" "$1"
}

# The directory of the virtual environment that a vhost of POEM 2.3 names, if it is not VENV.
other_environment() {
    named=$(sed -n -e 's|^[[:space:]]*Define[[:space:]]\{1,\}VENV[[:space:]]\{1,\}"\{0,1\}\([^"[:space:]]*\).*|\1|p' \
        -e 's|^[[:space:]]*WSGIPythonHome[[:space:]]\{1,\}"\{0,1\}\(/[^"[:space:]]*\).*|\1|p' \
        -e 's|^.*python-home=\(/[^"[:space:]]*\).*|\1|p' "$1" | head -n 1)
    [ -n "$named" ] && [ "$(readlink -f "$named")" != "$(readlink -f "$VENV")" ] && echo "${named%/}"
}

# swap FILE PATTERN [ENDING]: if FILE is of POEM 2.3, keeps it as FILE.poem-2.3 with that ending and puts the packaged file
# in its place.
swap() {
    [ -f "$1.rpmnew" ] || return 0
    [ -L "$1" ] || grep -Eqs "$2" "$1" || return 0
    kept=$1.poem-2.3${3:-}
    number=2
    while [ -e "$kept" ] || [ -L "$kept" ]; do
        kept=$1.poem-2.3.$number${3:-}
        number=$((number + 1))
    done
    if mv "$1" "$kept" && mv "$1.rpmnew" "$1"; then
        echo "poem: $1 was of POEM 2.3; it is now $kept"
    fi
}

# Each directory comes after the one that it is in: what is in a directory of root cannot be exchanged any more.
give_directories() {
    for directory in "$VENV" "$VENV/bin" "$VENV/etc" "$VENV/usr" "$VENV/usr/share" "$VENV/usr/share/poem"; do
        own_directory "$directory" root:root 0755 || return 1
    done
    own_directory "$VENV/etc/poem" root:apache 0750 || return 1
    # POEM 2.3 left more directories in there. find does not follow links, and neither does chown -h.
    [ ! -d "$VENV/usr/share/poem" ] || find "$VENV/usr/share/poem/" -type d ! -user root -exec chown -h root:root {} +
}

# Says whether the vhost of a POEM 2.3 names another place than VENV, and leaves that POEM as it is then.
serves_elsewhere() {
    for vhost in $VHOSTS; do
        grep -Eqs "$OLD_VHOST" "$vhost" || continue
        other=$(other_environment "$vhost") || continue
        echo "poem: $vhost is of a POEM 2.3 in $other, which goes on as it is. To replace it, remove the new $VENV, then:" \
            "ln -s $other $VENV; yum reinstall poem"
        return 0
    done
    return 1
}

VHOSTS='/opt/rh/httpd24/root/etc/httpd/conf.d/poem.conf /etc/httpd/conf.d/poem.conf'
OLD_VHOST='WSGIScriptAlias|WSGIPythonHome'

given=no
give_directories && given=yes
if ! serves_elsewhere; then
    for vhost in $VHOSTS; do
        swap "$vhost" "$OLD_VHOST"
    done
    # cronie runs every file in this directory, except those with some endings. This one is among them.
    swap /etc/cron.d/poem-clearsessions 'workon|venv_poem\.sh|VIRTUAL_ENV' .rpmorig
    swap /etc/cron.d/poem-syncvosf 'workon|venv_poem\.sh|VIRTUAL_ENV' .rpmorig
    [ "$given" = no ] || swap "$VENV/etc/poem/poem_logging.conf" '^\[(loggers|handlers)\]'
fi
if [ "$given" = yes ]; then
    own_file "$VENV/etc/poem/poem.conf" root:apache 0640
    own_file "$VENV/etc/poem/poem_logging.conf" root:root 0644
    for secret in "$VENV/etc/poem/secret_key" "$VENV"/etc/poem/metadata-*.xml; do
        own_file "$secret" apache:apache 0600
    done
fi

# What is in the directory of the log is never touched: a link in there could give a file away.
if [ ! -e "$VENV/var/log/poem" ] && [ ! -L "$VENV/var/log/poem" ]; then
    if is_foreign_link "$VENV/var" || is_foreign_link "$VENV/var/log"; then
        echo "poem: $VENV/var/log/poem was not made: there is a link that does not belong to root in its path"
    else
        mkdir -p "$VENV/var/log" && mkdir -m 0750 "$VENV/var/log/poem" && chown -h apache:apache "$VENV/var/log/poem"
    fi
fi

if [ -d /run/systemd/system ]; then
    systemctl daemon-reload || :
    [ "$1" != 1 ] || systemctl --quiet preset poem.service || :
fi

if [ "$1" = 1 ]; then
    if [ -e /sys/fs/selinux/enforce ]; then
        echo "poem: SELinux is on: label the files below $VENV, see \"SELinux\" in /usr/share/doc/poem/operations.md"
    fi
    echo "POEM is installed. What to do next: /usr/share/doc/poem/README.md, \"Install it\" or \"Upgrade from POEM 2.3\""
fi

exit 0
