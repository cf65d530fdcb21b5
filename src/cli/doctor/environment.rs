//! `/etc/sysconfig/poem`, the environment of the service, of cron and of commands. systemd reads it, and so do the shell
//! lines of the commands: what the two read differently is refused.

use std::fs;
use std::io::ErrorKind;

use super::system::SystemFiles;
use super::{Check, Findings};

/// The path of the file.
pub(super) const PATH: &str = "/etc/sysconfig/poem";

/// Checks each line, if there is such a file and this user may read it. It is only readable by root, so this comes before
/// root's privileges are dropped.
pub(super) fn check(findings: &mut Findings, system: &SystemFiles) {
    let path = system.path(PATH);
    let text = match fs::read(&path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => return,
        Err(error) => return findings.wrong(Check::Environment, format!("{}: {error}", path.display())),
    };
    // The lines are not shown: they may have passwords.
    let problems = text.split('\n').enumerate().filter_map(|(index, line)| Some((index + 1, problem(line)?)));
    let problems: Vec<_> = problems.collect();
    for (number, problem) in &problems {
        findings.wrong(Check::Environment, format!("{}, line {number}: {problem}", path.display()));
    }
    if problems.is_empty() {
        findings.ok(format!("environment {}", path.display()));
    }
}

/// The reason why systemd and the shell read a line differently; `None` if they read it alike.
fn problem(line: &str) -> Option<&'static str> {
    let line = line.trim_matches([' ', '\t']);
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let Some((_, value)) = line.split_once('=').filter(|(name, _)| is_name(name)) else {
        return Some("it is neither a comment nor NAME=value nor NAME=\"value\"");
    };
    if value.contains(['$', '`']) {
        return Some("a value cannot have $ or `, which the shell replaces and systemd does not");
    }
    if value.contains(['\\', '\'', '\r']) {
        return Some("a value cannot have a backslash, a single quote or a carriage return");
    }
    match value.strip_prefix('"') {
        Some(rest) if rest.strip_suffix('"').is_some_and(|inner| !inner.contains('"')) => None,
        Some(_) => Some("a value in quotes is \"value\", with nothing after it"),
        None if value.contains([' ', '\t', '"', ';', '&', '|', '<', '>', '(', ')', '~']) => {
            Some("a value with blanks or other special characters needs quotes: NAME=\"value\"")
        }
        None => None,
    }
}

/// Returns whether it is the name of a variable.
fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_systemd_and_the_shell_read_alike() {
        for line in [
            "",
            "  ",
            "# a comment with $ and `",
            "\t# another",
            "POEM__DATABASE__PASSWORD=se-cr3t#!%=/+",
            "HTTPS_PROXY=http://proxy.example.org:3128",
            "POEM__DATABASE__PASSWORD=\"with blanks; & ~ (all)\"",
            "_A1=",
            "A=\"\"",
            "A=b ",
        ] {
            assert_eq!(problem(line), None, "{line}");
        }
    }

    #[test]
    fn lines_that_one_of_them_reads_differently() {
        for (line, words) in [
            ("export A=b", "neither a comment nor"),
            ("; a comment for systemd only", "neither a comment nor"),
            ("A = b", "neither a comment nor"),
            ("1A=b", "neither a comment nor"),
            ("=b", "neither a comment nor"),
            ("poem-db -s", "neither a comment nor"),
            ("A=$HOME", "cannot have $ or `"),
            ("A=\"`id`\"", "cannot have $ or `"),
            ("A=\"\\\"\"", "a backslash"),
            ("A='b'", "a single quote"),
            ("A=b\r", "a carriage return"),
            ("A=\"b", "with nothing after it"),
            ("A=\"", "with nothing after it"),
            ("A=\"b\"c", "with nothing after it"),
            ("A=\"b\"\"c\"", "with nothing after it"),
            ("A=b c", "needs quotes"),
            ("A=b;id", "needs quotes"),
            ("A=~/x", "needs quotes"),
            ("A=b\"c\"", "needs quotes"),
        ] {
            assert!(problem(line).is_some_and(|problem| problem.contains(words)), "{line}: {:?}", problem(line));
        }
    }
}
