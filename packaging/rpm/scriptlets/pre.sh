# Before the files of POEM are installed. Rules of all scriptlets: they end with 0, print nothing when there is nothing to
# say, and do without systemd, network and /dev/null.

# httpd24-httpd makes the user; it may be missing in containers. The ids are those of CentOS, if they are free.
if ! said=$(id -u apache 2>&1); then
    if ! grep -qs '^apache:' /etc/group; then
        said=$(groupadd -r -g 48 apache 2>&1) || said=$(groupadd -r apache 2>&1)
    fi
    said=$(useradd -r -u 48 -g apache -s /sbin/nologin -d /usr/share/httpd -M apache 2>&1) ||
        said=$(useradd -r -g apache -s /sbin/nologin -d /usr/share/httpd -M apache 2>&1) ||
        echo "poem: the user apache is missing and could not be created: $said"
fi

if [ -e /etc/poem/poem.conf ] && [ ! -e /usr/bin/poem ]; then
    echo "poem: /etc/poem/poem.conf is of POEM 1, whose data cannot be taken over; the file is left alone"
fi

exit 0
