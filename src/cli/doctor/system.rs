//! The files of the operating system that checks look at, and how paths are shown in command lines.

use std::path::{Path, PathBuf};

/// The files of the operating system. Tests have their own, below another root directory.
pub(super) struct SystemFiles {
    root: PathBuf,
}

impl SystemFiles {
    /// The files below a root directory, which is `/` except in tests.
    pub(super) fn below(root: PathBuf) -> Self {
        Self { root }
    }

    /// The place of a file that has this path in an operating system: `/etc/crontab`.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }
}

/// The paths as arguments of a command line, each with a blank before it.
pub(super) fn arguments<'a>(paths: impl IntoIterator<Item = &'a Path>) -> String {
    paths.into_iter().map(|path| format!(" {}", quoted(path))).collect()
}

/// The path as the shell reads it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%:,=".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_for_the_shell() {
        let paths = ["/home/pyvenv/poem/lib64", "/a b", "/it's", "/$(x)"].map(Path::new);
        assert_eq!(arguments(paths), r" /home/pyvenv/poem/lib64 '/a b' '/it'\''s' '/$(x)'");
    }
}
