//! The paths of the files of `poem-exportprofiles` and `poem-importprofiles`.

use std::path::{Path, PathBuf};

use super::input_file::{InputFile, STANDARD};

const DIRECTORY: &str = "/tmp";

/// The path of a FILE argument. A name without a slash means a file in /tmp, as in POEM 2.3.
pub fn path_of(file: &str) -> PathBuf {
    if file.contains('/') { PathBuf::from(file) } else { Path::new(DIRECTORY).join(file) }
}

/// The file that a FILE argument names: `-` is standard input, else [`path_of`].
pub fn input_of(file: &str) -> InputFile {
    if file == STANDARD { InputFile::Standard } else { InputFile::Path(path_of(file)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_slash_is_in_tmp() {
        for (file, path) in
            [("out.json", "/tmp/out.json"), ("./out.json", "./out.json"), ("/srv/out.json", "/srv/out.json")]
        {
            assert_eq!(path_of(file), Path::new(path));
        }
    }
}
