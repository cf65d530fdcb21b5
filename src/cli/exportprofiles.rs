//! `poem-exportprofiles`: exports profiles of a tenant as JSON.

use std::collections::{HashMap, HashSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::Uid;

use super::context::{CommonArgs, Context, block_on};
use super::input_file::STANDARD;
use super::profiles_file::path_of;
use super::{CommandResult, Failure};
use crate::domain::model::profile::{ProfileContent, Tuple};
use crate::domain::model::tenant::SchemaName;
use crate::domain::security::keys::random_hex;
use crate::import_export::profiles::to_json;
use crate::output;
use crate::store::{ReadTx, profiles};

const PROGRAM: &str = "poem-exportprofiles";

/// Export profiles of a tenant to a JSON file
#[derive(clap::Args, Debug)]
#[command(disable_version_flag = true)]
pub struct Args {
    /// The file to write; a name without a slash means /tmp/FILE, and - means standard output
    #[arg(value_name = "FILE")]
    file: String,
    /// The schema of the tenant
    #[arg(value_name = "SCHEMA")]
    schema: String,
    /// The names of the profiles, each with all its versions [default: all profiles]
    #[arg(value_name = "PROFILE")]
    profiles: Vec<String>,
    #[command(flatten)]
    common: CommonArgs,
}

/// Exports the named profiles, or all, and reports it on standard output and in the log.
pub fn run(args: Args) -> CommandResult {
    let context = Context::open(&args.common, PROGRAM)?;
    block_on(async {
        let schema = context.tenant(&args.schema).await?.schema;
        let contents = read(&context, &schema, &args.profiles).await?;
        let json = to_json(&contents);
        let what = match args.profiles.as_slice() {
            [] => "all".to_owned(),
            names => names.join(" "),
        };
        if args.file == STANDARD {
            match output::show(&json) {
                // The reader had all that it wanted.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                printed => printed.map_err(|error| Failure::new(format!("standard output: {error}")))?,
            }
            // Standard output has the JSON and nothing else.
            output::warn(format!("Exported {what} profiles to standard output"));
            log::info!("Exported {what} profiles to standard output");
        } else {
            let path = path_of(&args.file);
            if contents.is_empty() && path.metadata().is_ok_and(|there| there.len() > json.len() as u64 + 1) {
                let message = format!("{schema} has no profiles, but {} has some", path.display());
                return Err(Failure::new(format!("{message}; nothing was exported")));
            }
            write(&path, &json)?;
            output::line(format!("Exported {what} profiles to {}", path.display()));
            log::info!("Exported {what} profiles to {}", path.display());
        }
        Ok(())
    })
}

/// The profiles with these names, or all if `names` is empty, in the order of the API.
///
/// # Errors
/// `Failed` if a name has no profile.
async fn read(context: &Context, schema: &SchemaName, names: &[String]) -> Result<Vec<ProfileContent>, Failure> {
    let mut tx = ReadTx::begin(&context.pool(), schema).await?;
    let mut rows = profiles::list(tx.conn(), None).await?;
    let existing: HashSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let missing: Vec<&str> = names.iter().map(String::as_str).filter(|name| !existing.contains(name)).collect();
    if !missing.is_empty() {
        return Err(Failure::new(format!("nothing was exported: {schema} has no profile {}", missing.join(", "))));
    }
    rows.retain(|row| names.is_empty() || names.contains(&row.name));
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut tuples: HashMap<i64, Vec<Tuple>> = HashMap::with_capacity(ids.len());
    for (profile, tuple) in profiles::tuples(tx.conn(), &ids).await? {
        tuples.entry(profile).or_default().push(tuple);
    }
    let contents = rows.into_iter().map(|row| ProfileContent {
        name: row.name,
        version: row.version,
        vo: row.vo,
        description: row.description,
        // The file format of 2.3 has no group.
        group: String::new(),
        tuples: tuples.remove(&row.id).unwrap_or_default(),
    });
    Ok(contents.collect())
}

/// Writes the file completely or not at all. All users may write to /tmp, so a symbolic link there is not followed and
/// a file of another user is not replaced.
fn write(path: &Path, json: &str) -> CommandResult {
    let failure = |error: io::Error| Failure::new(format!("{}: {error}", path.display()));
    match path.symlink_metadata() {
        Ok(there) if !there.is_file() => {
            return Err(Failure::new(format!("{} exists and is not a regular file", path.display())));
        }
        Ok(there) if there.uid() != Uid::effective().as_raw() => {
            return Err(Failure::new(format!("{} exists and belongs to another user", path.display())));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failure(error)),
    }
    let temporary = path.with_file_name(format!(".poem-export.{}", random_hex(8)));
    let result = write_new(&temporary, json).and_then(|()| fs::rename(&temporary, path));
    if result.is_err() {
        // The incomplete copy, if there is one.
        let _ = fs::remove_file(&temporary);
    }
    result.map_err(failure)
}

fn write_new(path: &Path, json: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(json.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn an_own_file_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out.json");
        write(&path, "a longer text").unwrap();
        write(&path, "[]").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "[]");
        assert_eq!(names(directory.path()), ["out.json"]);
    }

    #[test]
    fn a_link_is_neither_followed_nor_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let (target, link) = (directory.path().join("target"), directory.path().join("link"));
        fs::write(&target, "precious").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(write(&link, "[]").is_err());
        assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
        assert_eq!(names(directory.path()), ["link", "target"]);
    }

    #[test]
    fn a_failed_write_leaves_no_file() {
        let directory = tempfile::tempdir().unwrap();
        assert!(write(directory.path(), "[]").is_err());
        assert!(write(&directory.path().join("missing/out.json"), "[]").is_err());
        assert!(names(directory.path()).is_empty());
    }
}
