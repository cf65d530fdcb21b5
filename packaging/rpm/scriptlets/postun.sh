# After the files are removed. The secret key, metadata, logs, *.rpmsave and the database stay.
VENV=/home/pyvenv/poem

if [ "$1" = 0 ]; then
    [ ! -d /run/systemd/system ] || systemctl daemon-reload || :
    # The package does not own its directories, so they are removed here, if nothing is left in them.
    for tree in "$VENV/usr/share/poem" /usr/share/doc/poem; do
        [ ! -d "$tree" ] || find "$tree/" -depth -type d -exec rmdir --ignore-fail-on-non-empty {} \;
    done
    for directory in "$VENV/usr/share/poem" "$VENV/usr/share" "$VENV/usr" "$VENV/bin" "$VENV/etc/poem" "$VENV/etc" \
        "$VENV/var/log/poem" "$VENV/var/log" "$VENV/var" "$VENV" /home/pyvenv /usr/share/doc/poem; do
        [ ! -d "$directory" ] || [ -L "$directory" ] || rmdir --ignore-fail-on-non-empty "$directory" || :
    done
fi

exit 0
