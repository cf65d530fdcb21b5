"""What the package declares: files, dependencies, unit, cron files and scriptlets. Nothing is installed here."""

import os
import re
import subprocess
import tempfile
import unittest

from package import SOURCE, VENV, Package, run

# The only features of rpm that 4.11 of CentOS 7 is asked for.
OLD_RPM = {"rpmlib(CompressedFileNames)", "rpmlib(FileDigests)", "rpmlib(PayloadFilesHavePrefix)"}
REQUIRED = {
    "el7": {"httpd24-httpd >= 2.4.34", "httpd24-mod_ssl"},
    "el8": {"httpd >= 2.4.34", "mod_ssl"},
    "el9": {"httpd >= 2.4.34", "mod_ssl"},
}
ALWAYS_REQUIRED = {"/bin/sh", "bash", "ca-certificates", "cronie", "shadow-utils", "systemd"}
# The keys of the unit that systemd 219 knows. It only warns about others, and systemd-analyze of later versions accepts
# what 219 does not know.
UNIT_KEYS = {
    "Unit": {"Description", "Documentation", "Wants", "After", "RequiresMountsFor"},
    "Service": {
        "Type", "User", "Group", "EnvironmentFile", "ExecStart", "Restart", "RestartSec", "StartLimitInterval",
        "RestartPreventExitStatus", "TimeoutStopSec", "LimitNOFILE", "LimitCORE", "UMask", "NoNewPrivileges",
        "CapabilityBoundingSet", "PrivateTmp", "PrivateDevices", "ProtectSystem", "RestrictAddressFamilies",
        "ReadOnlyDirectories", "ReadWriteDirectories",
    },
    "Install": {"WantedBy"},
}
# The errors of rpmlint that the package means: places that POEM 2.3 had, files that hold passwords, and headers that
# cargo-generate-rpm does not write.
RPMLINT_ALLOWED = {
    "dir-or-file-in-home", "dir-or-file-in-opt", "non-readable", "missing-dependency-to-crontabs", "summary-too-long",
    "description-line-too-long", "no-signature", "no-packager-tag", "no-group-tag", "no-changelogname-tag", "no-buildhost-tag",
}


class PackageTest(unittest.TestCase):
    """One package, the one that is checked."""

    @classmethod
    def setUpClass(cls):
        cls.package = Package(os.environ["POEM_RPM"])

    def text(self, path):
        with self.package.unpack(path) as directory, open(directory + path, encoding="utf-8") as file:
            return file.read()

    def test_it_has_the_files_of_the_table_and_no_others(self):
        found, expected = self.package.files(), self.package.expected_files()
        self.assertEqual(sorted(set(found) - set(expected)), [], "not in the table")
        self.assertEqual(sorted(set(expected) - set(found)), [], "not in the package")
        different = {path: (found[path], expected[path]) for path in found if found[path] != expected[path]}
        self.assertEqual(different, {})

    def test_it_requires_what_centos_has(self):
        lines = set(self.package.query("--requires").split("\n")) - {""}
        rpmlib = {line.split()[0] for line in lines if line.startswith("rpmlib(")}
        self.assertEqual(rpmlib - OLD_RPM, set())
        own = {f"config(poem) = {self.package.version}-{self.package.release}"}
        others = {line for line in lines if not line.startswith("rpmlib(")} - own
        self.assertEqual(others, ALWAYS_REQUIRED | REQUIRED[self.package.variant])

    def test_it_recommends_no_package(self):
        # rpm 4.11 does not know them. This one, of the group of poem.conf, comes from cargo-generate-rpm; it has no effect.
        self.assertEqual(self.package.query("--recommends").strip(), "group(apache)")
        self.assertEqual(self.package.query("--suggests").strip(), "")

    def test_it_says_what_it_is(self):
        said = self.package.query("%{ARCH}|%{SUMMARY}|%{LICENSE}|%{PAYLOADCOMPRESSOR}")
        architecture, summary, licence, compressor = said.split("|")
        self.assertEqual(architecture, "x86_64")
        self.assertEqual(summary, "Registry of monitoring probes, metrics and profiles of the ARGO monitoring framework")
        self.assertTrue(licence.startswith("ASL 2.0 and MIT"), licence)
        self.assertIn(compressor, ("xz", "gzip"))
        self.assertNotIn("-", self.package.version)

    def test_every_command_has_a_wrapper_that_keeps_its_name(self):
        commands = self.package.commands()
        self.assertIn("poem-db", commands)
        self.assertIn("poem", commands)
        for command in commands:
            wrapper = self.text(f"{VENV}/bin/{command}")
            self.assertTrue(wrapper.startswith("#!/bin/bash\n"))
            self.assertTrue(wrapper.endswith(f'exec -a {command} /usr/bin/poem "$@"\n'))
            if command != "poem":
                self.assertEqual(self.text("/usr/bin/" + command), wrapper)

    def test_the_unit_has_only_keys_that_systemd_219_knows(self):
        section = None
        for line in self.text("/usr/lib/systemd/system/poem.service").splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif line and not line.startswith("#"):
                self.assertIn(line.split("=", 1)[0], UNIT_KEYS[section])

    def test_the_unit_is_accepted_by_systemd(self):
        path = "/usr/lib/systemd/system/poem.service"
        with self.package.unpack(path, "/usr/bin/poem") as directory:
            unit = directory + "/poem.service"
            text = self.text(path).replace("/usr/bin/poem", directory + "/usr/bin/poem")
            # This machine need not have the user, nor the manual.
            text = text.replace("=apache", "=nobody").replace("man:poem(1) ", "")
            with open(unit, "w", encoding="utf-8") as file:
                file.write(text)
            done = subprocess.run(("systemd-analyze", "verify", unit), text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            # Of this unit; later versions have other names for some keys, and say so.
            said = [line for line in done.stdout.splitlines() if "poem.service" in line and "ReadOnlyDirectories" not in line
                    and "StartLimitInterval" not in line and "nobody" not in line]
            self.assertEqual((done.returncode, said), (0, []))

    def test_the_cron_files_are_ones_that_cronie_reads(self):
        wanted = {
            "poem-clearsessions": ("30 0 * * *", [VENV + "/bin/poem-db -s"]),
            "poem-syncvosf": ("50 * * * *", [f"{VENV}/bin/poem-{name}" for name in (
                "syncservtype", "syncvo", "syncservices", "syncaggregations")]),
        }
        for name, (times, commands) in wanted.items():
            text = self.text("/etc/cron.d/" + name)
            self.assertTrue(text.endswith("\n"))
            lines = [line for line in text.splitlines() if line and not line.startswith("#")]
            self.assertEqual(lines[:2], ["SHELL=/bin/sh", "PATH=/usr/bin:/bin"])
            self.assertEqual(len(lines), 3)
            fields = lines[2].split(None, 6)
            self.assertEqual((" ".join(fields[:5]), fields[5]), (times, "root"))
            self.assertNotIn("%", fields[6])
            self.assertEqual(fields[6].split("; "), commands)

    def test_the_environment_file_sets_nothing(self):
        for line in self.text("/etc/sysconfig/poem").splitlines():
            self.assertTrue(line == "" or line.startswith("#"), line)
            commented = re.match(r"#([A-Z].*=.*)", line)
            if commented:
                self.assertRegex(commented.group(1), r'^\w+=("[^"$`\\]*"|[^"$`\\ ]*)$')

    def test_the_scriptlets_end_well_and_use_no_bashism(self):
        scripts = self.package.query("--scripts")
        self.assertEqual(len(re.findall(r"^exit 0$", scripts, flags=re.MULTILINE)), 5)
        self.assertNotIn("/dev/null", re.sub(r"^#.*$", "", scripts, flags=re.MULTILINE))
        for name in os.listdir(SOURCE + "/packaging/rpm/scriptlets"):
            run("dash", "-n", f"{SOURCE}/packaging/rpm/scriptlets/{name}")
        for word in ("poem-db -a", "poem-genseckey", "httpd24-httpd reload", "setsebool", "semanage"):
            outside_texts = [line for line in scripts.splitlines() if word in line and not re.search(r'[#"]', line)]
            self.assertEqual(outside_texts, [], word)

    def test_rpmlint_finds_nothing_new(self):
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run(("rpmlint", self.package.path), text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home})
        errors = {match[1] for match in re.finditer(r"^\S*poem\S*: E: (\S+)", done.stdout, flags=re.MULTILINE)}
        self.assertEqual(errors - RPMLINT_ALLOWED, set())
