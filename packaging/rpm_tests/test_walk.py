"""The instructions of the README, typed word for word: a fresh installation, and the upgrade from POEM 2.3."""

import gzip
import json
import os
import re
import subprocess
import unittest
import urllib.parse

import old_poem
from install_root import Base
from machine import PASSWORD, Machine
from old_poem import CONF_FILE as CONF
from package import SOURCE, VENV, Package, readme_blocks

HOST = "poem.example.org"
# What the database of the fixture has.
HOST_OF_OLD_POEM = "localhost"
TOKEN_OF_OLD_POEM = "0123456789abcdef0123456789abcdef"


def replaced(text, values):
    """poem.conf with other values of keys; each key must be there."""
    for key, value in values:
        text, count = re.subn(rf"^#?{key} = .*$", lambda _, key=key, value=value: f"{key} = {value}", text, count=1,
                              flags=re.MULTILINE)
        if count == 0:
            raise AssertionError(f"poem.conf has no key {key}")
    return text


class Client:
    """A client of one tenant, over TLS."""

    def __init__(self, apache, host):
        self.apache, self.host = apache, host

    def request(self, *arguments):
        return self.apache.request(self.host, *arguments)


def cookies_of(headers):
    """The cookies that an answer sets."""
    pairs = (value.split(";", 1)[0].split("=", 1) for name, value in headers if name == "set-cookie")
    return dict(pairs)


def written(cookies):
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


class WalkTest(unittest.TestCase):
    """Both end in a POEM behind the packaged vhost, which clients reach over TLS."""

    @classmethod
    def setUpClass(cls):
        cls.package = Package(os.environ["POEM_RPM"])
        cls.base = Base([cls.package])

    @classmethod
    def tearDownClass(cls):
        cls.base.remove()

    def log_in(self, client, name, password):
        """Logs in at the login page, as a browser does; returns the list of profiles."""
        login = "/poem/admin/login/?next=/poem/admin/"
        status, headers, page = client.request("GET", login)
        self.assertEqual(status, 200)
        cookies = cookies_of(headers)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page).group(1)
        form = urllib.parse.urlencode({"csrfmiddlewaretoken": token, "username": name, "password": password,
                                       "next": "/poem/admin/"}).encode()
        status, headers, page = client.request("POST", login, [
            ("Cookie", written(cookies)), ("Content-Type", "application/x-www-form-urlencoded"),
            ("Origin", "https://" + client.host)], form)
        self.assertIn(status, (302, 303), page)
        self.assertEqual([value for name, value in headers if name == "set-cookie" and "Secure" not in value], [])
        answer = client.request("GET", "/poem/admin/poem/profile/", [("Cookie", written({**cookies, **cookies_of(headers)}))])
        self.assertEqual(answer[0], 200, answer)
        page = answer[2]
        return page

    def assert_serves(self, client, token):
        """The requests of NCG, and what Apache serves and redirects itself; returns the metrics."""
        status, _, text = client.request("GET", "/poem/api/v2/metrics/", [("X-API-KEY", token)])
        self.assertEqual(status, 200, text)
        self.assertEqual(client.request("GET", "//poem/api/v2/metrics/", [("X-API-KEY", token)])[0], 200)
        self.assertEqual(client.request("GET", "/static/poem.css")[0], 200)
        self.assertEqual(client.request("GET", "/poem")[0], 302)
        return json.loads(text)

    def test_the_installation_of_the_readme_ends_in_a_working_poem(self):
        def edit(conf):
            conf = replaced(conf, [("Password", PASSWORD), ("Port", str(machine.postgresql.port)), ("Host", "127.0.0.1"),
                                   ("AllowedHosts", HOST)])
            # The second Port is that of the server, the second password that of the first user.
            conf = conf.replace("#Port = 8008", f"Port = {machine.poem_port}")
            conf = conf.replace("Password = CHANGE_ME", "Password = first-user-1").replace("CHANGE_ME", "none")
            # No feed of another machine is asked.
            return re.sub(r"^(ServiceType|VO|Services) = .*$", r"\1 =", conf, flags=re.MULTILINE)

        with self.base.root() as root, Machine(root, self.package, edit) as machine:
            blocks = readme_blocks("## Install it")
            for block in blocks[:5]:
                machine.type(block)
            self.assertIn("md5", root.read("/var/opt/rh/rh-postgresql10/lib/pgsql/data/pg_hba.conf"))
            self.assertEqual(machine.enabled, ["rh-postgresql10-postgresql", "poem", "httpd24-httpd"])
            self.assertNotIn("WRONG", machine.said["poem doctor"])
            token = re.search(r"\b[0-9a-f]{16,}\b", machine.said["poem-token -t ncg -s egi"]).group()
            client = Client(machine.apache, HOST)
            self.assertEqual(self.assert_serves(client, token), [])
            self.assertIn("admin", self.log_in(client, "admin", "first-user-1"))
            self.assertEqual(root.verify(), [CONF])
            self.assert_cron_runs(root)

    def test_the_package_is_installed_by_name_from_a_directory(self):
        base = Base([])
        with base.root() as root, Machine(root, self.package, None) as machine:
            os.makedirs(root.on_host("/srv/poem"))
            os.makedirs(root.on_host("/etc/yum.repos.d"))
            machine.type(readme_blocks("## Install it")[5])
            self.assertTrue(root.exists("/usr/bin/poem"))
        base.remove()

    def assert_cron_runs(self, root):
        """Runs the lines of the cron files as cronie does; all is well, so they print nothing."""
        for name in ("poem-clearsessions", "poem-syncvosf"):
            line = [line for line in root.read("/etc/cron.d/" + name).splitlines() if line and line[0].isdigit()][0]
            done = subprocess.run(("chroot", root.path, "/usr/bin/env", "-i", "HOME=/root", "LOGNAME=root", "SHELL=/bin/sh",
                                   "PATH=/usr/bin:/bin", "/bin/sh", "-c", line.split(None, 6)[6]),
                                  text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.assertEqual((done.returncode, done.stdout), (0, ""), line)

    def test_the_upgrade_of_the_readme_keeps_data_passwords_and_tokens(self):
        with self.base.root() as root, Machine(root, self.package, None) as machine:
            old_poem.install(root, self.package.vhost, self.old_conf(machine))
            # It would be read, and is no metadata.
            os.remove(root.on_host(VENV + "/etc/poem/metadata-egi.xml"))
            with gzip.open(SOURCE + "/tests/fixtures/live-2.3.sql.gz", "rt", encoding="utf-8") as dump:
                machine.postgresql.client("psql", "--quiet", "--dbname=postgres", "--set=ON_ERROR_STOP=1", input=dump.read())
            for block in readme_blocks("### Upgrade from POEM 2.3"):
                machine.type(block)
            self.assertIn("+", machine.said[f"diff {CONF} {CONF}.rpmnew"].replace(">", "+"))
            client = Client(machine.apache, HOST_OF_OLD_POEM)
            self.assertNotEqual(self.assert_serves(client, TOKEN_OF_OLD_POEM), [])
            self.assertIn("alice", self.log_in(client, "alice", "alice-secret-1"))
            self.assertEqual(root.verify(), [CONF])

    @staticmethod
    def old_conf(machine):
        return (f"[DEFAULT]\nVENV = {VENV}/\n[GENERAL]\nDebug = False\nTimeZone = Europe/Zagreb\n"
                f"[DATABASE]\nName = postgres\nUser = postgres\nPassword = postgres\nHost = 127.0.0.1\n"
                f"Port = {machine.postgresql.port}\n"
                f"[SECURITY]\nAllowedHosts = {HOST_OF_OLD_POEM}\nSecretKeyPath = %(VENV)s/etc/poem/secret_key\n"
                f"[SERVER]\nPort = {machine.poem_port}\n"
                "[GENERAL_EGI]\nNamespace = hr.cro-ngi.TEST\n[SUPERUSER_EGI]\nName = test\nPassword = test\nEmail = a@example.org\n")
