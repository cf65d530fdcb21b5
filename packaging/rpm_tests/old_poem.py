"""POEM 2.3 as its instructions left it on a machine: the virtual environment that belongs to apache, and the files that
administrators copied or linked to other places."""

import os

from package import VENV

CONF_FILE = VENV + "/etc/poem/poem.conf"
LOGGING_FILE = VENV + "/etc/poem/poem_logging.conf"
SECRET_FILE = VENV + "/etc/poem/secret_key"
LOG = VENV + "/var/log/poem"
VHOST_IN_VENV = VENV + "/etc/httpd/conf.d/poem.conf"
CRON_FILES = ("/etc/cron.d/poem-clearsessions", "/etc/cron.d/poem-syncvosf")

VHOST = f"""Define VENV {VENV}
<VirtualHost *:443>
  WSGIDaemonProcess poem python-home=${{VENV}} processes=2
  WSGIScriptAlias / ${{VENV}}/usr/share/poem/apache/poem.wsgi
</VirtualHost>
"""
CRON = "30 0 * * * root . /etc/profile.d/venv_poem.sh && workon poem && poem-db -s\n"
LOGGING = "[loggers]\nkeys=root\n[handlers]\nkeys=file\n"
CONF = "[DATABASE]\nPassword = old secret\n"
SECRET_KEY = "the secret key of an old poem, which has fifty bytes"


def kept(path):
    """The name under which the package keeps a file that it replaces. cronie does not read files that end so."""
    return path + ".poem-2.3" + (".rpmorig" if path in CRON_FILES else "")


def install(root, vhost, conf=CONF, vhost_is_a_link=True):
    """Puts POEM 2.3 into an install root; `vhost` is the place of the vhost outside the virtual environment."""
    root.write(VHOST_IN_VENV, VHOST)
    os.makedirs(os.path.dirname(root.on_host(vhost)), exist_ok=True)
    if vhost_is_a_link:
        root.link(VHOST_IN_VENV, vhost)
    else:
        root.write(vhost, VHOST)
    for path in CRON_FILES:
        root.write(path, CRON)
    root.write(CONF_FILE, conf)
    root.write(LOGGING_FILE, LOGGING)
    root.write(SECRET_FILE, SECRET_KEY)
    root.write(VENV + "/etc/poem/metadata-egi.xml", "<EntityDescriptor/>")
    root.write(LOG + "/poem.log", "an old line\n")
    for path in ("/bin/python", "/bin/activate", "/bin/poem-db", "/lib/python3.6/site-packages/Poem/settings.py",
                 "/usr/share/poem/apache/poem.wsgi", "/usr/share/poem/static/admin/css/base.css"):
        root.write(VENV + path, "of 2.3\n", mode=0o755)
    root.give_to_apache(VENV)
