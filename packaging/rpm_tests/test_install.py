"""Installations with the real dnf: fresh, over POEM 2.3, upgrades, downgrades, removals, and hostile surroundings.

After each, the files are as in the table, with their owners and modes; rpm agrees; apache can change nothing that root
runs or reads; and no secret key was made.
"""

import os
import stat
import subprocess
import unittest

import old_poem
from install_root import APACHE_ID, Base
from old_poem import CONF_FILE as CONF, CRON_FILES as CRON, LOG, LOGGING_FILE as LOGGING, SECRET_FILE
from package import DIRECTORIES, VENV, Package

NEXT_STEPS = 'POEM is installed. What to do next: /usr/share/doc/poem/README.md, "Install it" or "Upgrade from POEM 2.3"'

# What a systemctl does that only writes down what it was asked. The service runs if the file /running is there.
SYSTEMCTL = """#!/bin/bash
echo "$*" >>/systemctl.log
case " $* " in *' is-active '*) [ -e /running ] ;; esac
"""


class InstallTest(unittest.TestCase):
    """Situations in which the package is installed; two versions of it are in one repository."""

    @classmethod
    def setUpClass(cls):
        cls.new = Package(os.environ["POEM_RPM"])
        cls.old = Package(os.environ["POEM_OLD_RPM"])
        cls.base = Base([cls.new, cls.old])
        cls.table = cls.new.expected_files()

    @classmethod
    def tearDownClass(cls):
        cls.base.remove()

    # What holds after every transaction.

    def assert_in_order(self, root, changed=()):
        """`changed`: the files that rpm finds changed, because an administrator, or POEM 2.3, wrote them."""
        for path, (user, group, mode, _, _) in self.table.items():
            self.assertEqual(root.owner_and_mode(path), (user, group, mode), path)
        self.assert_directories(root)
        self.assertEqual(root.verify(), list(changed))
        self.assert_apache_can_change_nothing_of_roots(root)

    def assert_directories(self, root):
        for path, expected in DIRECTORIES.items():
            self.assertEqual(root.owner_and_mode(path), expected, path)
        # What POEM 2.3 left of it stays as it is.
        self.assertIn(root.owner_and_mode(LOG), [("apache", "apache", mode) for mode in (0o750, 0o755)])

    def assert_apache_can_change_nothing_of_roots(self, root):
        for path in self.table:
            for part in (path, *parents(path)):
                found = os.stat(root.on_host(part))
                self.assertEqual(found.st_uid, 0, part)
                self.assertFalse(found.st_mode & stat.S_IWOTH, part)
                self.assertFalse(found.st_gid == APACHE_ID and found.st_mode & stat.S_IWGRP, part)

    def assert_gone(self, root, kept=()):
        left = [path for path in root.everything("/") if "poem" in path and not path.startswith(("/var/cache", "/var/lib", "/tmp"))]
        self.assertEqual(left, sorted(kept))

    def install_old_poem(self, root, vhost_is_a_link=True):
        old_poem.install(root, self.new.vhost, vhost_is_a_link=vhost_is_a_link)

    # Fresh.

    def test_a_fresh_installation_says_what_comes_next_and_nothing_else(self):
        with self.base.root() as root:
            self.assertEqual(root.dnf("install", "poem"), NEXT_STEPS)
            self.assert_in_order(root)
            self.assertFalse(root.exists(SECRET_FILE))
            self.assertEqual(root.owner_and_mode(LOG), ("apache", "apache", 0o750))
            self.assertEqual(root.everything(LOG), [])

    def test_the_newest_of_two_versions_is_installed(self):
        with self.base.root() as root:
            root.dnf("install", "poem")
            self.assertIn(self.new.version, root.run("/usr/bin/poem --version").stdout)
            self.assertEqual(root.dnf("upgrade"), "")

    def test_the_commands_keep_their_names_and_read_the_environment_as_root(self):
        with self.base.root() as root:
            root.dnf("install", "poem")
            for command in self.new.commands():
                for path in (f"{VENV}/bin/{command}", f"/usr/bin/{command}"):
                    self.assertIn(f"Usage: {command}", root.run(path + " --help").stdout)
            root.write("/etc/sysconfig/poem", 'POEM__SERVER__USER="nobody in particular"\n', mode=0o640)
            self.assertIn("there is no user nobody in particular", root.run("poem-db -l").stdout)
            self.assertNotIn("nobody in particular", root.run("poem-db -l", user="apache").stdout)

    def test_a_shell_of_few_features_runs_the_scriptlets(self):
        with self.base.root(shell="busybox") as root:
            self.install_old_poem(root)
            root.dnf("install", "poem")
            self.assert_in_order(root, changed=[CONF])

    def test_without_dev_null_nothing_is_different(self):
        with self.base.root(null=False) as root:
            self.install_old_poem(root)
            root.dnf("install", "poem")
            self.assert_in_order(root, changed=[CONF])
            root.dnf("remove", "poem")

    def test_a_missing_user_apache_is_made(self):
        with self.base.root(apache=False) as root:
            for program in ("/usr/sbin/useradd", "/usr/sbin/groupadd"):
                install_program(program, root)
            self.assertEqual(root.dnf("install", "poem"), NEXT_STEPS)
            self.assertIn("apache:x:48:48:", root.read("/etc/passwd"))
            self.assert_in_order(root)

    def test_a_user_apache_that_cannot_be_made_is_said_and_the_transaction_goes_through(self):
        with self.base.root(apache=False) as root:
            said = root.dnf("install", "poem")
            self.assertIn("poem: the user apache is missing and could not be created: ", said)
            self.assertIn(NEXT_STEPS, said)
            self.assertTrue(root.exists("/usr/bin/poem"))

    def test_the_umask_of_the_administrator_does_not_count(self):
        with self.base.root() as root:
            root.dnf("install", "poem", umask=0o077)
            self.assert_in_order(root)

    def test_a_venv_that_is_a_link_of_roots_is_followed(self):
        with self.base.root() as root:
            os.makedirs(root.on_host("/data/poem"))
            root.link("/data/poem", VENV)
            root.dnf("install", "poem")
            for path in ("/etc/poem/poem.conf", "/bin/poem-db", "/var/log/poem"):
                self.assertTrue(root.exists("/data/poem" + path), path)
            self.assertEqual(root.owner_and_mode("/data/poem/etc/poem"), ("root", "apache", 0o750))
            self.assertEqual(root.run(f"{VENV}/bin/poem-db --help").returncode, 0)
            root.dnf("remove", "poem")
            self.assertEqual(root.everything("/data"), ["/data/poem"])

    def test_a_full_disk_at_the_end_is_said_and_the_transaction_goes_through(self):
        with self.base.root() as root:
            var = root.on_host(VENV + "/var")
            os.makedirs(var)
            subprocess.run(("mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=1", "poem-rpm", var), check=True)
            try:
                said = root.dnf("install", "poem")
            finally:
                subprocess.run(("umount", var), check=True)
            self.assertIn("No space left on device", said)
            self.assertIn(NEXT_STEPS, said)
            root.dnf("reinstall", "poem")
            self.assert_in_order(root)

    # Over POEM 2.3.

    def test_files_of_the_old_poem_make_room(self):
        for vhost_is_a_link in (True, False):
            with self.subTest(vhost_is_a_link=vhost_is_a_link), self.base.root() as root:
                self.install_old_poem(root, vhost_is_a_link)
                said = root.dnf("install", f"poem-{self.old.version}")
                swapped = [self.new.vhost, *CRON, LOGGING]
                self.assertEqual(said.splitlines(), [*(f"poem: {path} was of POEM 2.3; it is now {old_poem.kept(path)}"
                                                       for path in swapped), NEXT_STEPS])
                self.assertEqual(root.read(old_poem.kept(LOGGING)), old_poem.LOGGING)
                # A link is kept as a link, to the file in the virtual environment.
                self.assertEqual(root.read_link(old_poem.kept(self.new.vhost)) if vhost_is_a_link
                                 else root.read(old_poem.kept(self.new.vhost)),
                                 old_poem.VHOST_IN_VENV if vhost_is_a_link else old_poem.VHOST)
                self.assert_cronie_reads_only_new_files(root)
                self.assert_data_of_the_old_poem(root)
                self.assertEqual(root.verify(), [CONF])
                # The later life of such an installation.
                self.assertEqual(root.dnf("upgrade", "poem"), "")
                self.assert_in_order(root, changed=[CONF])
                root.dnf("downgrade", "poem")
                root.dnf("upgrade", "poem")
                self.assert_data_of_the_old_poem(root)
                root.dnf("remove", "poem")
                self.assertEqual(root.read(CONF + ".rpmsave"), old_poem.CONF)
                self.assertEqual(root.read(SECRET_FILE), old_poem.SECRET_KEY)
                self.assertTrue(root.exists(old_poem.kept(self.new.vhost)))

    def assert_data_of_the_old_poem(self, root):
        self.assertEqual(root.read(CONF), old_poem.CONF)
        self.assertIn("[SERVER]", root.read(CONF + ".rpmnew"))
        self.assertEqual(root.read(SECRET_FILE), old_poem.SECRET_KEY)
        for path in (SECRET_FILE, VENV + "/etc/poem/metadata-egi.xml"):
            self.assertEqual(root.owner_and_mode(path), ("apache", "apache", 0o600), path)
        self.assertEqual(root.read(LOG + "/poem.log"), "an old line\n")
        self.assertEqual(root.read(VENV + "/usr/share/poem/static/admin/css/base.css"), "of 2.3\n")
        self.assertIn("exec -a poem-db", root.read(VENV + "/bin/poem-db"))

    def assert_cronie_reads_only_new_files(self, root):
        """cronie reads all files of the directory except hidden ones and those with certain endings."""
        ignored = ("~", ".rpmsave", ".rpmorig", ".rpmnew")
        read = [name for name in os.listdir(root.on_host("/etc/cron.d")) if not name.startswith((".", "#")) and not name.endswith(ignored)]
        self.assertEqual(sorted("/etc/cron.d/" + name for name in read), sorted(CRON))
        for path in CRON:
            self.assertNotIn("workon", root.read(path))

    def test_files_that_are_not_of_the_old_poem_stay(self):
        with self.base.root() as root:
            own = "50 3 * * * root /home/pyvenv/poem/bin/poem-syncvo # ours\n"
            root.write(CRON[1], own)
            root.dnf("install", "poem")
            self.assertEqual(root.read(CRON[1]), own)
            self.assertIn("poem-syncaggregations", root.read(CRON[1] + ".rpmnew"))
            self.assert_in_order(root, changed=[CRON[1]])

    def test_an_earlier_copy_of_an_old_file_is_not_overwritten(self):
        with self.base.root() as root:
            self.install_old_poem(root)
            root.write(old_poem.kept(CRON[0]), "an earlier copy")
            root.dnf("install", "poem")
            self.assertEqual(root.read(old_poem.kept(CRON[0])), "an earlier copy")
            self.assertEqual(root.read(CRON[0] + ".poem-2.3.2.rpmorig"), old_poem.CRON)

    def test_an_old_poem_at_another_place_goes_on_and_is_named(self):
        with self.base.root() as root:
            elsewhere = old_poem.VHOST.replace(VENV, "/opt/monitoring/poem")
            root.write(self.new.vhost, elsewhere)
            root.write(CRON[0], old_poem.CRON)
            os.makedirs(root.on_host("/opt/monitoring/poem/etc/poem"))
            said = root.dnf("install", "poem")
            self.assertIn(f"poem: {self.new.vhost} is of a POEM 2.3 in /opt/monitoring/poem, which goes on as it is.", said)
            self.assertEqual(root.read(self.new.vhost), elsewhere)
            self.assertEqual(root.read(CRON[0]), old_poem.CRON)

    def test_an_old_poem_at_another_place_is_replaced_through_a_link(self):
        with self.base.root() as root:
            root.write(self.new.vhost, old_poem.VHOST.replace(VENV, "/opt/monitoring/poem"))
            root.write("/opt/monitoring/poem/etc/poem/poem.conf", old_poem.CONF)
            root.write("/opt/monitoring/poem/etc/poem/secret_key", old_poem.SECRET_KEY)
            root.give_to_apache("/opt/monitoring/poem")
            root.link("/opt/monitoring/poem", VENV)
            said = root.dnf("install", "poem")
            self.assertIn(f"poem: {self.new.vhost} was of POEM 2.3", said)
            self.assertEqual(root.read("/opt/monitoring/poem/etc/poem/poem.conf"), old_poem.CONF)
            self.assertEqual(root.owner_and_mode("/opt/monitoring/poem/etc/poem/secret_key"), ("apache", "apache", 0o600))
            self.assertEqual(root.owner_and_mode("/opt/monitoring/poem/etc/poem"), ("root", "apache", 0o750))

    def test_the_place_of_poem_1_is_left_alone_and_named_once(self):
        with self.base.root() as root:
            root.write("/etc/poem/poem.conf", "of POEM 1")
            said = root.dnf("install", f"poem-{self.old.version}")
            self.assertIn("/etc/poem/poem.conf is of POEM 1, whose data cannot be taken over", said)
            self.assertEqual(root.dnf("upgrade", "poem"), "")

    def test_reinstalling_repairs_what_removing_the_python_package_destroyed(self):
        with self.base.root() as root:
            self.install_old_poem(root)
            root.dnf("install", "poem")
            os.remove(root.on_host(CONF))
            os.remove(root.on_host(VENV + "/bin/poem-db"))
            root.dnf("reinstall", "poem")
            self.assertEqual(root.read(SECRET_FILE), old_poem.SECRET_KEY)
            self.assertIn("CHANGE_ME", root.read(CONF))
            self.assert_in_order(root)

    # Links and files that apache planted, which had all of VENV in 2.3.

    def test_planted_links_give_nothing_away(self):
        with self.base.root() as root:
            self.install_old_poem(root)
            for path in (SECRET_FILE, VENV + "/etc/poem/metadata-egi.xml"):
                os.remove(root.on_host(path))
            root.link("/etc/shadow", SECRET_FILE)
            os.link(root.on_host("/etc/shadow"), root.on_host(VENV + "/etc/poem/metadata-egi.xml"))
            root.run(f"rm -r {LOG}; ln -s /etc {LOG}; chown -h apache:apache {LOG} {SECRET_FILE}")
            root.dnf("install", "poem")
            self.assertEqual(root.owner_and_mode("/etc/shadow"), ("root", "root", 0o600))
            self.assertEqual(root.owner_and_mode("/etc"), ("root", "root", 0o755))

    def test_planted_directories_are_named_and_left_alone(self):
        for planted in ("/etc/poem", "/var"):
            with self.subTest(planted=planted), self.base.root() as root:
                os.makedirs(root.on_host(VENV))
                root.write("/etc/private/poem.conf", "[DATABASE]\n", mode=0o600)
                os.makedirs(os.path.dirname(root.on_host(VENV + planted)), exist_ok=True)
                root.link("/etc/private", VENV + planted)
                root.give_to_apache(VENV)
                said = root.dnf("install", "poem") if planted == "/var" else self.install_with_rpm(root)
                self.assertIn("does not belong to root", said)
                self.assertEqual(root.owner_and_mode("/etc/private"), ("root", "root", 0o755))
                self.assertEqual(root.owner_and_mode("/etc/private/poem.conf"), ("root", "root", 0o600))

    @staticmethod
    def install_with_rpm(root):
        """rpm of 4.18 refuses such links itself, 4.11 follows them: the scriptlet must not depend on it."""
        with open(os.path.dirname(__file__) + "/../rpm/scriptlets/post.sh", encoding="utf-8") as script:
            return root.run("set -- 1\n" + script.read()).stdout

    # Upgrades, downgrades, removals.

    def test_an_upgrade_says_nothing_and_keeps_changed_configuration(self):
        edited = {CONF: "[DATABASE]\nPassword = mine\n", CRON[1]: "# off\n", "/etc/sysconfig/poem": "A=b\n"}
        with self.base.root() as root:
            root.dnf("install", f"poem-{self.old.version}")
            for path, text in edited.items():
                with open(root.on_host(path), "w", encoding="utf-8") as file:
                    file.write(text)
            self.assertEqual(root.dnf("upgrade", "poem"), "")
            for path, text in edited.items():
                self.assertEqual(root.read(path), text)
            # The new package has another poem.conf than the old one.
            self.assertIn("CHANGE_ME", root.read(CONF + ".rpmnew"))
            self.assert_in_order(root, changed=sorted(edited))
            root.dnf("downgrade", "poem")
            root.dnf("reinstall", "poem")
            for path, text in edited.items():
                self.assertEqual(root.read(path), text)
            root.dnf("remove", "poem")
            for path, text in edited.items():
                self.assertEqual(root.read(path + ".rpmsave"), text)

    def test_an_upgrade_brings_new_configuration_where_nothing_was_changed(self):
        with self.base.root() as root:
            root.dnf("install", f"poem-{self.old.version}")
            before = root.read(CONF)
            root.dnf("upgrade", "poem")
            self.assertNotEqual(root.read(CONF), before)
            self.assertFalse(root.exists(CONF + ".rpmnew"))
            self.assert_in_order(root)

    def test_a_removal_leaves_nothing_but_what_was_added(self):
        with self.base.root() as root:
            root.dnf("install", "poem")
            root.dnf("remove", "poem")
            self.assert_gone(root)
            root.dnf("install", "poem")
            root.write(SECRET_FILE, "a key", mode=0o600, owner="apache")
            root.write(LOG + "/poem.log", "a line", owner="apache")
            root.dnf("remove", "poem")
            self.assert_gone(root, kept=[VENV, *(VENV + path for path in (
                "/etc", "/etc/poem", "/etc/poem/secret_key", "/var", "/var/log", "/var/log/poem", "/var/log/poem/poem.log"))])
            self.assertEqual(root.dnf("install", "poem"), NEXT_STEPS)
            self.assertEqual(root.read(SECRET_FILE), "a key")

    def test_reinstalling_repairs_everything_but_changed_configuration(self):
        with self.base.root() as root:
            root.dnf("install", "poem")
            root.write(CONF, "[DATABASE]\n")
            root.run(f"rm /usr/bin/poem-db {VENV}/usr/share/poem/static/poem.css; chmod 0777 {VENV}/bin {VENV}/etc/poem;"
                     f"chown -R apache:apache {VENV}/etc")
            root.dnf("reinstall", "poem")
            self.assert_in_order(root, changed=[CONF])
            self.assertEqual(root.read(CONF), "[DATABASE]\n")

    # systemd.

    def systemd(self, root, running=False):
        os.makedirs(root.on_host("/run/systemd/system"))
        root.write("/usr/bin/systemctl", SYSTEMCTL, mode=0o755)
        if running:
            root.write("/running", "")

    def asked_of_systemd(self, root):
        asked = root.read("/systemctl.log").splitlines() if root.exists("/systemctl.log") else []
        root.write("/systemctl.log", "")
        return asked

    def test_systemd_is_told_of_the_unit_and_the_service_is_not_started(self):
        with self.base.root() as root:
            self.systemd(root)
            root.dnf("install", f"poem-{self.old.version}")
            self.assertEqual(self.asked_of_systemd(root), ["daemon-reload", "--quiet preset poem.service",
                                                           "--quiet is-active poem.service"])
            root.dnf("upgrade", "poem")
            self.assertEqual(self.asked_of_systemd(root), ["daemon-reload", "--quiet is-active poem.service"])
            root.dnf("remove", "poem")
            self.assertEqual(self.asked_of_systemd(root), ["--quiet --no-reload disable poem.service", "stop poem.service",
                                                           "daemon-reload"])

    def test_a_running_service_is_restarted_if_no_migration_is_pending(self):
        for status, restarted, words in ((0, True, ""), (3, False, "its migrations are pending"), (1, False, "no database")):
            with self.subTest(status=status), self.base.root() as root:
                self.systemd(root)
                root.dnf("install", f"poem-{self.old.version}")
                root.write("/running", "")
                # The program answers; what it is asked with is the wrapper of the package.
                root.write("/etc/sysconfig/poem", "exec() { builtin exec /answer; }\n", mode=0o640)
                root.write("/answer", f'#!/bin/bash\n[ {status} -ne 1 ] || echo "no database"\nexit {status}\n', mode=0o755)
                self.asked_of_systemd(root)
                said = root.dnf("upgrade", "poem")
                self.assertEqual("try-restart poem.service" in self.asked_of_systemd(root), restarted)
                if restarted:
                    self.assertEqual(said, "")
                else:
                    self.assertIn(words, said)
                    self.assertIn("The old one goes on serving", said)
                    self.assertIn("poem-db -a; systemctl start poem", said)


def parents(path):
    """The directories that a path is in, below the root."""
    found = []
    while path != "/":
        path = os.path.dirname(path)
        found.append(path)
    return found[:-1]


def install_program(program, root):
    """Copies a program of this machine, with its libraries and what it reads."""
    from install_root import copy_with_libraries

    copy_with_libraries(program, root.path)
    for path in ("/etc/login.defs", "/etc/nsswitch.conf"):
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                root.write(path, file.read())
    for path in ("/etc/gshadow",):
        root.write(path, "root:*::\n", mode=0o600)
