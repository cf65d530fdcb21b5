"""Packages: what an RPM declares, and the table of files that POEM's must have."""

import os
import re
import subprocess
import tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = "/home/pyvenv/poem"
DOCUMENTS = ("README.md", "operations.md", "CHANGELOG.md", "LICENSE", "THIRD-PARTY-LICENSES")
# The directories of VENV that only root may change: what root runs or believes is in them.
DIRECTORIES = {
    **{VENV + path: ("root", "root", 0o755) for path in ("", "/bin", "/etc", "/usr", "/usr/share", "/usr/share/poem")},
    VENV + "/etc/poem": ("root", "apache", 0o750),
}


def run(*command, **options):
    """Runs a command and returns its standard output; a failure shows what it said."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Package:
    """An RPM file of POEM."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        self.name, self.version, self.release = self.query("%{NAME} %{VERSION} %{RELEASE}").split()
        self.variant = self.release.rsplit(".", 1)[-1]

    def query(self, format_or_option):
        option = format_or_option if format_or_option.startswith("-") else "--queryformat=" + format_or_option
        return run("rpm", "-qp", option, self.path)

    def files(self):
        """The files by path: owner, group, mode, whether they are %config(noreplace), and documentation."""
        lines = self.query("[%{FILENAMES}\t%{FILEUSERNAME}\t%{FILEGROUPNAME}\t%{FILEMODES:octal}\t%{FILEFLAGS}\n]")
        found = {}
        for line in lines.splitlines():
            path, user, group, mode, flags = line.split("\t")
            flags = int(flags)
            # RPMFILE_CONFIG 1, RPMFILE_DOC 2, RPMFILE_NOREPLACE 16.
            found[path] = (user, group, int(mode, 8) & 0o7777, flags & 17 == 17, flags & 2 == 2)
        return found

    def unpack(self, *paths):
        """A temporary directory with these files of the package."""
        directory = tempfile.TemporaryDirectory()
        with subprocess.Popen(("rpm2cpio", self.path), stdout=subprocess.PIPE) as unpacked:
            run("cpio", "--extract", "--quiet", "--make-directories", *["." + path for path in paths],
                stdin=unpacked.stdout, cwd=directory.name)
        return directory

    def commands(self):
        """The names by which the packaged program can be called, from the program itself."""
        with self.unpack("/usr/bin/poem") as directory:
            return run(directory + "/usr/bin/poem", "commands").split()

    def man_pages(self):
        """The man pages that the packaged program writes."""
        with self.unpack("/usr/bin/poem") as directory:
            run(directory + "/usr/bin/poem", "man", directory + "/man")
            return os.listdir(directory + "/man")

    @property
    def vhost(self):
        return {"el7": "/opt/rh/httpd24/root"}.get(self.variant, "") + "/etc/httpd/conf.d/poem.conf"

    def expected_files(self):
        """The table that a package must have, in the form of `files`."""
        table = {}

        def file(path, group="root", mode=0o644, config=False, doc=False):
            table[path] = ("root", group, mode, config, doc)

        file(VENV + "/etc/poem/poem.conf", group="apache", mode=0o640, config=True)
        file(VENV + "/etc/poem/poem_logging.conf", config=True)
        file(self.vhost, config=True)
        file("/etc/cron.d/poem-clearsessions", config=True)
        file("/etc/cron.d/poem-syncvosf", config=True)
        file("/etc/sysconfig/poem", mode=0o640, config=True)
        file("/usr/lib/systemd/system/poem.service")
        for command in self.commands():
            file("/usr/bin/" + command, mode=0o755)
            file(VENV + "/bin/" + command, mode=0o755)
            file("/usr/share/bash-completion/completions/" + command)
        for page in self.man_pages():
            file(f"/usr/share/man/man1/{page}.gz", doc=True)
        for document in DOCUMENTS:
            file("/usr/share/doc/poem/" + document, doc=True)
        for path in run("git", "ls-files", "static", "templates", cwd=SOURCE).splitlines():
            file(f"{VENV}/usr/share/poem/{path}")
        return table


def readme_blocks(heading):
    """The commands of the code blocks below a heading of README.md, up to the next heading of that level."""
    with open(SOURCE + "/README.md", encoding="utf-8") as readme:
        text = readme.read()
    level = re.match("#+", heading).group()
    section = text.split(f"\n{heading}\n", 1)[1]
    section = re.split(rf"\n{level} ", section, maxsplit=1)[0]
    return re.findall(r"^```\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
