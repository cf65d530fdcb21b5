"""Install roots: a directory in which dnf and rpm install packages, and commands run with chroot.

It has a shell, busybox, what the packaged program needs, and a stub package for what CentOS would bring. It needs root.
"""

import os
import shutil
import stat
import subprocess
import tempfile

from package import run

PASSWD = """root:x:0:0:root:/root:/bin/bash
postgres:x:26:26:PostgreSQL:/var/lib/pgsql:/bin/bash
"""
GROUP = "root:x:0:\npostgres:x:26:\n"
APACHE = "apache:x:48:48:Apache:/usr/share/httpd:/sbin/nologin\n"
APACHE_GROUP = "apache:x:48:\n"
APACHE_ID = 48
# rpm scriptlets, the commands and the tests use these.
APPLETS = ("cat chmod chown cp cut date diff env false find grep gzip head hostname id install ln ls mkdir mktemp mv readlink rm rmdir "
           "sed sleep sort stat su tail tar timeout touch tr true uname wc xargs").split()
ENDS_OF_TRANSACTION = ("Installed:", "Upgraded:", "Downgraded:", "Removed:", "Reinstalled:", "Complete!")
STUBS = """Name: stubs
Version: 1
Release: 1
Summary: Stands for packages of CentOS
License: none
BuildArch: x86_64
AutoReqProv: no
Provides: httpd24-httpd = 2.4.34, httpd24-mod_ssl = 2.4.34, httpd = 2.4.53, mod_ssl = 2.4.53
Provides: cronie, ca-certificates, shadow-utils, systemd, bash, /bin/sh
%description
Stands for packages of CentOS.
%files
"""


def libraries(program):
    """The shared libraries of a program, with its loader, as ldd finds them."""
    names = []
    for line in run("ldd", program).splitlines():
        words = line.replace("=>", " ").split()
        names += [word for word in words if word.startswith("/")][:1]
    return names


def copy_with_libraries(program, root):
    for path in [program, *libraries(program)]:
        target = root + path
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(os.path.realpath(path), target)


class Base:
    """What all roots start with, made once: a copy of it is an install root. Also the repository that dnf reads."""

    def __init__(self, packages):
        self.directory = tempfile.mkdtemp(prefix="poem-rpm-")
        # The servers of the tests run as other users.
        os.chmod(self.directory, 0o711)
        self.repository = self.directory + "/repository"
        self.tree = self.directory + "/base"
        os.mkdir(self.repository)
        for package in packages:
            os.link(package.path, f"{self.repository}/{os.path.basename(package.path)}") \
                if os.stat(package.path).st_dev == os.stat(self.repository).st_dev \
                else shutil.copy(package.path, self.repository)
        self._stub_package()
        run("createrepo_c", "--quiet", "--general-compress-type=gz", self.repository)
        self._tree(packages)

    def _stub_package(self):
        spec = self.directory + "/stubs.spec"
        with open(spec, "w", encoding="utf-8") as file:
            file.write(STUBS)
        run("rpmbuild", "-bb", "--quiet", "--target=x86_64", f"--define=_topdir {self.directory}/rpmbuild",
            f"--define=_rpmdir {self.repository}", "--define=_build_name_fmt %%{NAME}.rpm", spec)

    def _tree(self, packages):
        root = self.tree
        for path in ("dev", "etc/cron.d", "etc/httpd/conf.d", "etc/sysconfig", "opt/rh/httpd24/root/etc/httpd/conf.d",
                     "home/pyvenv", "proc", "root", "run", "tmp", "usr/bin", "usr/sbin", "usr/lib", "usr/lib64",
                     "usr/share", "var/lib/rpm", "var/cache"):
            os.makedirs(f"{root}/{path}")
        os.chmod(root + "/tmp", 0o1777)
        for link in ("bin", "sbin", "lib", "lib64"):
            os.symlink("usr/" + link, f"{root}/{link}")
        shutil.copy("/usr/bin/busybox", root + "/usr/bin/busybox")
        shutil.copy("/bin/bash-static", root + "/usr/bin/bash")
        os.symlink("bash", root + "/usr/bin/sh")
        for applet in APPLETS:
            os.symlink("busybox", f"{root}/usr/bin/{applet}")
        for name, number in (("null", 3), ("zero", 5), ("full", 7), ("urandom", 9)):
            os.mknod(f"{root}/dev/{name}", 0o666 | stat.S_IFCHR, os.makedev(1, number))
            os.chmod(f"{root}/dev/{name}", 0o666)
        for name, text in (("passwd", PASSWD + APACHE), ("group", GROUP + APACHE_GROUP), ("shadow", "root:*:::::::\n"),
                           ("hosts", "127.0.0.1 localhost\n")):
            with open(f"{root}/etc/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        os.chmod(root + "/etc/shadow", 0o600)
        if os.path.isdir("/usr/share/zoneinfo"):
            shutil.copytree("/usr/share/zoneinfo", root + "/usr/share/zoneinfo", symlinks=True)
        for package in packages[:1]:
            with package.unpack("/usr/bin/poem") as unpacked:
                for library in libraries(unpacked + "/usr/bin/poem"):
                    os.makedirs(os.path.dirname(root + library), exist_ok=True)
                    shutil.copy(os.path.realpath(library), root + library)
        self._opened_while_running(root)

    @staticmethod
    def _opened_while_running(root):
        """libxmlsec1 opens its part for OpenSSL by name. A program with all libraries inside does not."""
        listed = [line.split() for line in run("/sbin/ldconfig", "-p").splitlines() if "libxmlsec1-openssl.so" in line]
        for words in listed:
            copy_with_libraries(words[-1], root)

    def root(self, **options):
        return InstallRoot(self, **options)

    def remove(self):
        shutil.rmtree(self.directory)


class InstallRoot:
    """An install root of its own. Use it with `with`: it is removed at the end."""

    def __init__(self, base, apache=True, null=True, shell="bash"):
        self.base = base
        self.path = tempfile.mkdtemp(prefix="root-", dir=base.directory)
        os.chmod(self.path, 0o755)
        run("cp", "--archive", base.tree + "/.", self.path)
        if not apache:
            self.write("/etc/passwd", PASSWD)
            self.write("/etc/group", GROUP)
        if not null:
            os.remove(self.path + "/dev/null")
        if shell != "bash":
            os.remove(self.path + "/usr/bin/sh")
            os.symlink(shell, self.path + "/usr/bin/sh")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path)

    # Files.

    def on_host(self, path):
        return self.path + path

    def write(self, path, text, mode=0o644, owner="root"):
        target = self.path + path
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(target, mode)
        if owner == "apache":
            os.chown(target, APACHE_ID, APACHE_ID)

    def read(self, path):
        with open(self.path + path, encoding="utf-8") as file:
            return file.read()

    def read_link(self, path):
        return os.readlink(self.path + path)

    def exists(self, path):
        return os.path.lexists(self.path + path)

    def link(self, target, path):
        os.makedirs(os.path.dirname(self.path + path), exist_ok=True)
        os.symlink(target, self.path + path)

    def give_to_apache(self, path):
        run("chown", "--recursive", "--no-dereference", f"{APACHE_ID}:{APACHE_ID}", self.path + path)

    def owner_and_mode(self, path):
        """Owner, group and mode, by the names of the root's own /etc/passwd. Links are not followed."""
        found = os.lstat(self.path + path)
        users = self._names("/etc/passwd")
        groups = self._names("/etc/group")
        return (users.get(found.st_uid, found.st_uid), groups.get(found.st_gid, found.st_gid), stat.S_IMODE(found.st_mode))

    def _names(self, file):
        return {int(words[2]): words[0] for words in (line.split(":") for line in self.read(file).splitlines())}

    def everything(self, below="/"):
        """All paths below a directory."""
        found = []
        for directory, directories, files in os.walk(self.path + below):
            found += [os.path.join(directory, name)[len(self.path):] for name in directories + files]
        return sorted(found)

    # Commands.

    def run(self, command, user="root", **options):
        """A command line of bash in the root: exit status, standard output with standard error."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", **options.pop("environment", {})}
        return subprocess.run(("chroot", "--userspec=" + user, self.path, "/usr/bin/bash", "-c", command), text=True, env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)

    def dnf(self, *arguments, umask=0o022, repositories=()):
        """Runs dnf on the root; returns what the scriptlets said. `repositories`: more directories of packages."""
        command = ("dnf", "--assumeyes", "--noplugins", "--nogpgcheck", "--installroot=" + self.path, "--releasever=7",
                   "--setopt=reposdir=/nonexistent", "--setopt=keepcache=False", "--setopt=cachedir=/var/cache/dnf",
                   "--setopt=persistdir=/var/lib/dnf", "--setopt=logdir=/tmp", "--forcearch=x86_64",
                   "--repofrompath=poem,file://" + self.base.repository, "--repo=poem",
                   *(option for number, directory in enumerate(repositories)
                     for option in (f"--repofrompath=more{number},file://{directory}", f"--repo=more{number}")), *arguments)
        done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, umask=umask)
        if done.returncode != 0:
            raise AssertionError(f"dnf {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}")
        return said_by_scriptlets(done.stdout)

    def verify(self):
        """What `rpm -V poem` prints: a line for each file that differs from the package."""
        done = subprocess.run(("rpm", "--root", self.path, "--verify", "--nodeps", "poem"), text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        return [line.split()[-1] for line in done.stdout.splitlines()]


def said_by_scriptlets(output):
    """What scriptlets printed, out of dnf's output. dnf's own lines of the transaction begin with two blanks, and rpm warns
    of each configuration file that it kept."""
    transaction = output.partition("\nRunning transaction\n")[2]
    lines = []
    for line in transaction.splitlines():
        if line in ENDS_OF_TRANSACTION:
            break
        if line.strip() and not line.startswith(("  ", "warning: ")):
            lines.append(line)
    return "\n".join(lines)
