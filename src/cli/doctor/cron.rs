//! The programs of POEM that root's cron runs.

use std::fs;
use std::path::{Path, PathBuf};

use super::system::SystemFiles;

/// The files of cron that have programs of POEM for root, and these programs.
#[derive(Default)]
pub(super) struct CronJobs {
    /// The crontabs.
    pub(super) files: Vec<PathBuf>,
    /// The programs, by their absolute paths.
    pub(super) programs: Vec<PathBuf>,
}

/// The programs that root's cron runs and that are in `venv` or have a name of POEM. Crontabs that this user may not read
/// are left out.
pub(super) fn jobs(system: &SystemFiles, venv: &Path) -> CronJobs {
    let directory = system.path("/etc/cron.d");
    let mut crontabs: Vec<_> =
        fs::read_dir(directory).into_iter().flatten().filter_map(|entry| Some((entry.ok()?.path(), true))).collect();
    crontabs.retain(|(file, _)| is_read_by_cron(file));
    crontabs.push((system.path("/etc/crontab"), true));
    // The crontab of root itself has no column for the user. On Debian it is in another directory.
    crontabs.push((system.path("/var/spool/cron/root"), false));
    crontabs.push((system.path("/var/spool/cron/crontabs/root"), false));
    crontabs.sort();
    let mut jobs = CronJobs::default();
    for (file, has_user) in crontabs {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let commands = text.lines().filter_map(|line| command_of_root(line, has_user));
        let before = jobs.programs.len();
        jobs.programs.extend(commands.flat_map(programs).filter(|program| is_of_poem(program, venv)));
        if jobs.programs.len() > before {
            jobs.files.push(file);
        }
    }
    jobs
}

/// Returns whether cron reads a file of its directory: not hidden ones, nor what editors and packages leave there.
fn is_read_by_cron(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    !name.starts_with(['.', '#']) && !["~", ".rpmsave", ".rpmorig", ".rpmnew"].iter().any(|end| name.ends_with(end))
}

/// The command of a line of a crontab, if root runs it.
fn command_of_root(line: &str, has_user: bool) -> Option<&str> {
    let mut rest = line.trim();
    if rest.starts_with('#') {
        return None;
    }
    let times = if rest.starts_with('@') { 1 } else { 5 };
    for _ in 0..times {
        rest = after_word(rest)?.1;
    }
    match has_user {
        true => after_word(rest).filter(|(user, _)| *user == "root").map(|(_, command)| command),
        false => Some(rest),
    }
}

/// The first word and the rest; `None` if there is no rest.
fn after_word(text: &str) -> Option<(&str, &str)> {
    let (word, rest) = text.split_once(char::is_whitespace)?;
    Some((word, rest.trim_start()))
}

/// The absolute paths of the programs that a command line runs. Arguments are left out.
fn programs(command: &str) -> impl Iterator<Item = PathBuf> {
    command.split([';', '|', '&', '(', ')']).filter_map(|part| {
        let mut words = part.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
        // Before the program there may be variables: `HTTPS_PROXY=… poem-syncvo`.
        let program = words.find(|word| word.starts_with('/') || !word.contains('='))?;
        program.starts_with('/').then(|| PathBuf::from(program))
    })
}

fn is_of_poem(program: &Path, venv: &Path) -> bool {
    let has_name = program.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("poem"));
    has_name || program.starts_with(venv)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_cron_does_not_read_are_no_crontabs() {
        for (name, is_read) in [
            ("poem-syncvosf", true),
            ("poem-syncvosf.poem-2.3", true),
            ("poem-syncvosf.poem-2.3.rpmorig", false),
            ("poem-syncvosf.rpmnew", false),
            ("poem-syncvosf.rpmsave", false),
            ("poem-syncvosf~", false),
            (".placeholder", false),
        ] {
            assert_eq!(is_read_by_cron(&Path::new("/etc/cron.d").join(name)), is_read, "{name}");
        }
    }

    #[test]
    fn the_programs_of_a_crontab_line() {
        let found = |line: &str, has_user| -> Vec<String> {
            let command = command_of_root(line, has_user);
            command.into_iter().flat_map(programs).map(|path| path.display().to_string()).collect()
        };
        let two = "50 * * * * root /v/bin/poem-syncvo; A=/x /v/bin/poem-db -s >/dev/null && mail -s /etc/passwd";
        assert_eq!(found(two, true), ["/v/bin/poem-syncvo", "/v/bin/poem-db"]);
        assert_eq!(found("@daily\troot\t\"/v/bin/poem-db\" -s", true), ["/v/bin/poem-db"]);
        assert_eq!(found("17 2 * * * /v/bin/poem-backup -o /var/backups", false), ["/v/bin/poem-backup"]);
        for other in ["", "# 1 1 * * * root /v/bin/x", "PATH=/v/bin", "1 1 * * * apache /v/bin/poem-db", "1 1 * *"] {
            assert_eq!(found(other, true), [""; 0], "{other}");
        }
    }
}
