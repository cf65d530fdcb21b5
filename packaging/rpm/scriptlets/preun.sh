# Before the files are removed; an upgrade ($1 = 1) stops nothing.
if [ "$1" = 0 ] && [ -d /run/systemd/system ]; then
    systemctl --quiet --no-reload disable poem.service || :
    systemctl stop poem.service || :
fi

exit 0
