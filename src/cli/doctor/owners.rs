//! The owners of what root runs and of what root reads to decide. The service user must not be able to change it: such a
//! user could do everything that root can.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Group, Uid, User, getgrouplist};

use super::system::{SystemFiles, arguments};
use super::{Check, Findings, cron, environment};
use crate::cli::definitions;
use crate::config::Config;
use crate::config::server::SERVICE_USER;

/// The bit of the mode of a directory in which only owners may rename and remove files.
const STICKY: u32 = 0o1000;

/// Checks the owners and modes, if root runs commands of this installation. Must come before root's privileges are
/// dropped: on some systems only root may read the files of cron.
///
/// Root runs commands if it runs this one, or if its cron runs one. An installation of a developer, and a container in
/// which root is the service user, have nobody to protect root from.
pub(super) fn check(findings: &mut Findings, config: &Config, system: &SystemFiles) {
    let Some(service) = ServiceUser::find(config.server.user.as_deref().unwrap_or(SERVICE_USER)) else { return };
    let jobs = cron::jobs(system, &config.venv);
    if !Uid::effective().is_root() && jobs.programs.is_empty() {
        return;
    }
    let mut guarded = Guarded::default();
    guarded.add_installation(config);
    for path in jobs.programs.iter().chain(&jobs.files).chain([&system.path(environment::PATH)]) {
        guarded.add(path, Kind::Other);
    }
    guarded.add_parents();
    let mut is_right = true;
    for (writer, who) in [(Writer::Service, service.name.as_str()), (Writer::Everybody, "all users")] {
        let found = guarded.writable_by(writer, &service);
        if !found.is_empty() {
            is_right = false;
            let message = format!("{who} can change what root runs or reads: run{}", remedy(&found, &service));
            findings.wrong(Check::Owners, message);
        }
    }
    if is_right {
        findings.ok(format!("{} cannot change what root runs", service.name));
    }
}

/// The user that POEM runs as, which is not root.
struct ServiceUser {
    name: String,
    uid: u32,
    /// The name of its own group; its number if it has no name.
    group: String,
    /// All its groups.
    gids: Vec<u32>,
}

impl ServiceUser {
    /// The user with this name; `None` if there is none, or if it is root.
    fn find(name: &str) -> Option<Self> {
        let user = User::from_name(name).ok().flatten().filter(|user| !user.uid.is_root())?;
        let gids = getgrouplist(&CString::new(user.name.as_str()).ok()?, user.gid).unwrap_or_else(|_| vec![user.gid]);
        let group = Group::from_gid(user.gid).ok().flatten().map_or_else(|| user.gid.to_string(), |group| group.name);
        Some(Self {
            name: user.name,
            uid: user.uid.as_raw(),
            group,
            gids: gids.into_iter().map(nix::unistd::Gid::as_raw).collect(),
        })
    }
}

/// The owner and mode that a path should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A directory of the installation, or a command in it: root, 0755.
    Installed,
    /// The directory of poem.conf: root, and the group of the service user, 0750.
    ConfigurationDirectory,
    /// poem.conf: root, and the group of the service user, 0640.
    Configuration,
    /// Something that others than POEM may use as well: root, without the right of others to write.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer {
    Service,
    Everybody,
}

/// The paths that only root may change.
#[derive(Default)]
struct Guarded(BTreeMap<PathBuf, Kind>);

impl Guarded {
    fn add_installation(&mut self, config: &Config) {
        let venv = &config.venv;
        self.add(config.file(), Kind::Configuration);
        self.add(&venv.join("etc/poem"), Kind::ConfigurationDirectory);
        for directory in ["", "bin", "etc", "usr", "usr/share", "usr/share/poem"] {
            self.add(&venv.join(directory), Kind::Installed);
        }
        for command in definitions() {
            self.add(&venv.join("bin").join(command.get_name()), Kind::Installed);
        }
    }

    /// Adds a path, and the place that it leads to if it is a link.
    fn add(&mut self, path: &Path, kind: Kind) {
        // Without the trailing slash of an empty last part.
        let path: PathBuf = path.components().collect();
        if let Ok(place) = path.canonicalize() {
            self.0.entry(place).or_insert(kind);
        }
        self.0.entry(path).or_insert(kind);
    }

    /// Adds the directories above: a user who may write there can replace what is in them.
    fn add_parents(&mut self) {
        let parents: Vec<_> = self.0.keys().flat_map(|path| path.ancestors().skip(1)).map(Path::to_owned).collect();
        for parent in parents.into_iter().filter(|parent| parent.is_absolute()) {
            self.0.entry(parent).or_insert(Kind::Other);
        }
    }

    /// The paths that this writer may change, the upper ones first. Each file is named once, by the place where it is.
    fn writable_by(&self, writer: Writer, service: &ServiceUser) -> Vec<(PathBuf, Kind)> {
        let mut found: BTreeMap<PathBuf, Kind> = BTreeMap::new();
        for (path, kind) in &self.0 {
            let Ok(metadata) = fs::metadata(path) else { continue };
            let access = Access { uid: metadata.uid(), gid: metadata.gid(), mode: metadata.mode() };
            if access.writer(*kind, service) == Some(writer) {
                found.entry(path.canonicalize().unwrap_or_else(|_| path.clone())).or_insert(*kind);
            }
        }
        found.into_iter().collect()
    }
}

/// The owner, the group and the mode of a file.
struct Access {
    uid: u32,
    gid: u32,
    mode: u32,
}

impl Access {
    /// The one who may change the file and should not. An owner may always: it can change the mode.
    fn writer(&self, kind: Kind, service: &ServiceUser) -> Option<Writer> {
        if self.uid == service.uid {
            return Some(Writer::Service);
        }
        if kind == Kind::Other && self.mode & STICKY != 0 {
            return None;
        }
        if self.mode & 0o002 != 0 {
            return Some(Writer::Everybody);
        }
        (self.mode & 0o020 != 0 && service.gids.contains(&self.gid)).then_some(Writer::Service)
    }
}

/// The command line that corrects owners and modes.
fn remedy(found: &[(PathBuf, Kind)], service: &ServiceUser) -> String {
    let group = &service.group;
    let of = |kinds: &[Kind]| {
        arguments(found.iter().filter(|(_, kind)| kinds.contains(kind)).map(|(path, _)| path.as_path()))
    };
    let private = [Kind::ConfigurationDirectory, Kind::Configuration];
    let commands = [
        ("chown root".to_owned(), of(&[Kind::Other])),
        ("chown root:root".to_owned(), of(&[Kind::Installed])),
        (format!("chown root:{group}"), of(&private)),
        ("chmod go-w".to_owned(), of(&[Kind::Other])),
        ("chmod 0755".to_owned(), of(&[Kind::Installed])),
        ("chmod 0750".to_owned(), of(&[Kind::ConfigurationDirectory])),
        ("chmod 0640".to_owned(), of(&[Kind::Configuration])),
    ];
    let commands = commands.into_iter().filter(|(_, paths)| !paths.is_empty());
    let line: Vec<_> = commands.map(|(command, paths)| format!(" {command}{paths}")).collect();
    line.join(" &&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apache() -> ServiceUser {
        ServiceUser { name: "apache".into(), uid: 48, group: "apache".into(), gids: vec![48, 100] }
    }

    #[test]
    fn the_service_user_may_write_nothing_as_owner_as_group_or_as_everybody() {
        let writer = |uid, gid, mode, kind| Access { uid, gid, mode }.writer(kind, &apache());
        let right = [(0, 0, 0o755), (0, 48, 0o750), (0, 48, 0o640), (0, 7, 0o775), (7, 7, 0o755), (0, 0, 0o700)];
        for (uid, gid, mode) in right {
            assert_eq!(writer(uid, gid, mode, Kind::Installed), None, "{uid}:{gid} {mode:o}");
        }
        assert_eq!(writer(48, 0, 0o555, Kind::Installed), Some(Writer::Service), "it can change the mode");
        assert_eq!(writer(0, 48, 0o770, Kind::Configuration), Some(Writer::Service));
        assert_eq!(writer(0, 100, 0o775, Kind::Other), Some(Writer::Service), "by another of its groups");
        assert_eq!(writer(0, 0, 0o777, Kind::Installed), Some(Writer::Everybody));
        assert_eq!(writer(0, 0, 0o1777, Kind::Other), None, "/tmp: it cannot replace what others have there");
        assert_eq!(writer(0, 0, 0o1777, Kind::Installed), Some(Writer::Everybody));
        assert_eq!(writer(48, 0, 0o1777, Kind::Other), Some(Writer::Service));
    }

    #[test]
    fn one_line_corrects_everything_from_the_top_and_keeps_poem_conf_readable() {
        let found = [
            ("/home", Kind::Other),
            ("/home/a b", Kind::Installed),
            ("/home/a b/etc/poem", Kind::ConfigurationDirectory),
            ("/home/a b/etc/poem/poem.conf", Kind::Configuration),
        ];
        let line = remedy(&found.map(|(path, kind)| (path.into(), kind)), &apache());
        let expected = " chown root /home && chown root:root '/home/a b' && chown root:apache '/home/a b/etc/poem' \
                        '/home/a b/etc/poem/poem.conf' && chmod go-w /home && chmod 0755 '/home/a b' && chmod 0750 \
                        '/home/a b/etc/poem' && chmod 0640 '/home/a b/etc/poem/poem.conf'";
        assert_eq!(line, expected);
    }
}
