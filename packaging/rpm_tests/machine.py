"""A machine on which the instructions of the README are typed: an install root for the commands, and a real PostgreSQL
and a real Apache beside it, which stand for those of CentOS.

Commands of CentOS (`yum`, `systemctl`, `su`, `scl`, `vi`) are carried out from outside the root; everything else runs in
it as it is written. The network is that of this machine, so all servers use free ports of loopback.
"""

import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

from install_root import APACHE_ID
from package import SOURCE, VENV, run

PASSWORD = "a password of the walk"
APACHE_PROGRAMS = ("/usr/sbin/apache2", "/usr/sbin/httpd")
MODULES = ("mpm_event authz_core alias headers log_config proxy proxy_http reqtimeout rewrite socache_shmcb ssl mime "
           "unixd dir").split()
PG_HBA = "host    all             all             127.0.0.1/32            ident\n"
SERVER_DEADLINE = 30.0


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def await_port(port, process):
    """Waits until something listens there; fails if the process ends before."""
    deadline = time.monotonic() + SERVER_DEADLINE
    while time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            raise AssertionError(f"{process.args[0]} ended with {process.returncode}")
        time.sleep(0.05)
    raise AssertionError(f"nothing listens at port {port}")


class PostgreSQL:
    """A private cluster, whose role postgres may connect without a password. It stands for that of CentOS."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="poem-walk-")
        os.chmod(self.directory, 0o711)
        self.port = free_port()
        self.bin = self._shell("postgresql_bin").strip()
        user = self._shell("postgresql_user").strip()
        shutil.chown(self.directory, user)
        self._as_user("initdb", f"--pgdata={self.directory}/data", "--username=postgres", "--auth=trust", "--encoding=UTF8",
                      "--locale=C", "--nosync")
        self.process = subprocess.Popen(
            ("runuser", "-u", user, "--", self.bin + "/postgres", "-D", self.directory + "/data", "-k", self.directory,
             "-p", str(self.port), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"),
            cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        await_port(self.port, self.process)

    @staticmethod
    def _shell(command):
        return run("bash", "-c", f". packaging/postgresql.sh; {command}", cwd=SOURCE)

    def _as_user(self, program, *arguments):
        script = f". {SOURCE}/packaging/postgresql.sh; cd /; as_postgresql_user " + shlex.join([f"{self.bin}/{program}", *arguments])
        return run("bash", "-c", script)

    def client(self, program, *arguments, **options):
        """Runs a client program of PostgreSQL as postgres."""
        environment = {**os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "postgres"}
        # The directory of the server may be one of links that has no client programs.
        beside = os.path.join(os.path.dirname(os.path.realpath(self.bin + "/postgres")), program)
        return run(beside if os.path.exists(beside) else program, *arguments, env=environment, **options)

    def query(self, database, sql):
        return self.client("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1",
                           "--dbname=" + database, "--command=" + sql)

    def stop(self):
        # runuser passes no SIGINT on.
        with open(self.directory + "/data/postmaster.pid", encoding="utf-8") as file:
            os.kill(int(file.readline()), signal.SIGINT)
        self.process.wait()
        shutil.rmtree(self.directory)


class Apache:
    """A private Apache with the vhost that the package installed into a root, its paths and ports replaced."""

    def __init__(self, root, vhost, poem_port):
        self.directory = tempfile.mkdtemp(prefix="poem-walk-")
        os.chmod(self.directory, 0o755)
        self.port, self.http_port = free_port(), free_port()
        certificate, key = self.directory + "/cert.pem", self.directory + "/key.pem"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-out", certificate,
            "-keyout", key)
        text = root.read(vhost)
        for old, new in (
            (f"Define VENV {VENV}\n", f"Define VENV {root.on_host(VENV)}\n"),
            ("http://127.0.0.1:8008", f"http://127.0.0.1:{poem_port}"),
            ("<VirtualHost *:443>", f"<VirtualHost *:{self.port}>"),
            ("<VirtualHost *:80>", f"<VirtualHost *:{self.http_port}>"),
            ("/etc/grid-security/hostcert.pem", certificate),
            ("/etc/grid-security/hostkey.pem", key),
        ):
            if old not in text:
                raise AssertionError(f"the vhost does not have {old!r}")
            text = text.replace(old, new)
        modules = next(path for path in ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules") if os.path.isdir(path))
        loaded = "".join(f"LoadModule {name}_module {modules}/mod_{name}.so\n" for name in MODULES
                         if os.path.exists(f"{modules}/mod_{name}.so"))
        configuration = (f"ServerRoot {self.directory}\n{loaded}PidFile {self.directory}/pid\nErrorLog {self.directory}/error_log\n"
                         f"ServerName localhost\nUser nobody\nGroup #{os.stat('/').st_gid or 65534}\n"
                         f"Listen 127.0.0.1:{self.http_port}\nListen 127.0.0.1:{self.port}\n"
                         f"TypesConfig /etc/mime.types\nDefaultRuntimeDir {self.directory}\n{text}")
        with open(self.directory + "/httpd.conf", "w", encoding="utf-8") as file:
            file.write(configuration)
        program = next(path for path in APACHE_PROGRAMS if os.path.exists(path))
        self.process = subprocess.Popen((program, "-d", self.directory, "-f", self.directory + "/httpd.conf", "-D", "FOREGROUND"))
        await_port(self.port, self.process)

    def request(self, host, method, target, headers=(), body=b""):
        """Status, headers (a list of pairs of lower-case name and value) and text of an answer, over TLS."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close", f"Content-Length: {len(body)}",
                 *(f"{name}: {value}" for name, value in headers)]
        with socket.create_connection(("127.0.0.1", self.port)) as plain, context.wrap_socket(plain, server_hostname=host) as client:
            client.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            answer = b""
            while part := client.recv(65536):
                answer += part
        head, _, text = answer.partition(b"\r\n\r\n")
        status, *fields = head.decode().split("\r\n")
        pairs = [(name.lower(), value) for name, value in (field.split(": ", 1) for field in fields if ": " in field)]
        return int(status.split()[1]), pairs, text.decode(errors="replace")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.directory)


class Machine:
    """Types command lines of the README, one by one. `edit` is what an administrator does to a file in vi."""

    def __init__(self, root, package, edit):
        self.root, self.package, self.edit = root, package, edit
        self.postgresql = PostgreSQL()
        self.poem = self.apache = None
        self.poem_port = free_port()
        self.enabled = []
        self.said = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop_poem()
        self.stop_httpd()
        self.postgresql.stop()

    def type(self, block):
        """Types the lines of a code block; keeps what each printed in `said`."""
        for line in block.splitlines():
            line = line.split("  #", 1)[0].strip()
            self.said[line] = self._carry_out(line)

    def _carry_out(self, line):
        words = shlex.split(line)
        if words[:3] == ["yum", "-y", "install"]:
            return self._install(words[3])
        if words[0] == "systemctl":
            return self._systemctl(words[1], words[2:])
        if words[0] == "scl":
            return self._initialise_postgresql(words)
        if words[:4] == ["su", "-", "postgres", "-c"]:
            return self._as_postgres(shlex.split(words[4]))
        if words[0] == "createrepo":
            shutil.copy(self.package.path, self.root.on_host(words[1]))
            return run("createrepo_c", "--general-compress-type=gz", self.root.on_host(words[1]))
        if words[0] == "vi":
            return self.root.write(words[1], self.edit(self.root.read(words[1])), mode=0o640)
        done = self.root.run(line)
        # diff ends with 1 if the files differ.
        if done.returncode > (1 if words[0] == "diff" else 0):
            raise AssertionError(f"{line} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def _install(self, what):
        if what == "poem":
            directory = re.search(r"^baseurl=file://(.*)$", self.root.read("/etc/yum.repos.d/poem.repo"), flags=re.MULTILINE)[1]
            return self.root.dnf("install", "poem", repositories=[self.root.on_host(directory)])
        if not what.startswith("./"):
            return ""
        if what != f"./poem-{self.package.version}-{self.package.release}.x86_64.rpm":
            raise AssertionError(f"the package is not called {what}")
        return self.root.dnf("install", self.package.path)

    def _initialise_postgresql(self, words):
        if words != ["scl", "enable", "rh-postgresql10", "postgresql-setup --initdb"]:
            raise AssertionError(f"unknown: {words}")
        self.root.write("/var/opt/rh/rh-postgresql10/lib/pgsql/data/pg_hba.conf", PG_HBA)

    def _as_postgres(self, words):
        if words[:4] != ["scl", "enable", "rh-postgresql10", "--"]:
            raise AssertionError(f"unknown: {words}")
        program, *arguments = words[4:]
        # pg_dump writes a file; the directory of PostgreSQL is that of the root.
        arguments = [re.sub(r"^--file=/var/lib/pgsql/", f"--file={self.postgresql.directory}/", word) for word in arguments]
        if "--pwprompt" in arguments:
            arguments = [word for word in arguments if word != "--pwprompt"]
            said = self.postgresql.client(program, *arguments)
            self.postgresql.query("postgres", f"ALTER ROLE {arguments[-1]} PASSWORD '{PASSWORD}'")
            return said
        return self.postgresql.client(program, *arguments)

    def _systemctl(self, verb, units):
        if verb == "enable":
            self.enabled += units
        for unit in units:
            if (verb, unit) == ("start", "poem"):
                self.start_poem()
            elif (verb, unit) == ("start", "httpd24-httpd"):
                self.apache = Apache(self.root, self.package.vhost, self.poem_port)
            elif (verb, unit) == ("stop", "poem"):
                self.stop_poem()
            elif (verb, unit) == ("stop", "httpd24-httpd"):
                self.stop_httpd()
        return ""

    def start_poem(self):
        """Starts what the unit names, as the user that it names, with the environment that it names."""
        unit = self.root.read("/usr/lib/systemd/system/poem.service")
        value = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line and not line.startswith("#"))
        self.poem = subprocess.Popen(("chroot", f"--userspec={APACHE_ID}:{APACHE_ID}", self.root.path, "/usr/bin/env", "-i",
                                      "PATH=/usr/bin:/bin", *value["ExecStart"].split()))
        await_port(self.poem_port, self.poem)

    def stop_poem(self):
        if self.poem:
            self.poem.terminate()
            self.poem.wait()
            self.poem = None

    def stop_httpd(self):
        if self.apache:
            self.apache.stop()
            self.apache = None
