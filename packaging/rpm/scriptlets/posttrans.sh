# At the end of an upgrade: restarts a running service if the database is ready for the new program. Which case this is
# comes from the service, because rpm 4.11 passes no number here.
[ -d /run/systemd/system ] || exit 0
systemctl --quiet is-active poem.service || exit 0

version=$(/usr/bin/poem --version 2>&1)
said=$(timeout 20 /usr/bin/poem-db --pending 2>&1)
case $? in
    0)
        systemctl try-restart poem.service || :
        exit 0
        ;;
    3) reason="its migrations are pending" ;;
    *) reason="whether migrations are pending could not be found out: $said" ;;
esac
echo "${version:-POEM} is installed; $reason. The old one goes on serving. When it suits you: systemctl stop poem;" \
    "poem-backup -o DIRECTORY; poem-db -a; systemctl start poem"

exit 0
