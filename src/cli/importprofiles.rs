//! `poem-importprofiles`: imports profiles into a tenant, from a file or from another POEM.

use super::context::{CommonArgs, Context, block_on};
use super::input_file::InputFile;
use super::profiles_file::input_of;
use super::{CommandResult, Failure};
use crate::domain::model::profile::ProfileContent;
use crate::domain::model::tenant::Tenant;
use crate::domain::web::host::Host;
use crate::http_client::client::{ClientCredentials, HttpClient, Limits};
use crate::import_export::profiles::parse;
use crate::output;
use crate::registry::profiles::{self as registry, Imported};
use crate::store::ReadTx;
use crate::store::profiles::{self, ProfileRow};

const PROGRAM: &str = "poem-importprofiles";
/// The largest file, in bytes. The same limit holds for the response of another POEM.
const FILE_LIMIT: u64 = 64 * 1024 * 1024;

/// Import profiles into a tenant, from a file or from another POEM
#[derive(clap::Args, Debug)]
#[command(disable_version_flag = true)]
#[command(group = clap::ArgGroup::new("source").args(["file", "host"]).required(true))]
pub struct Args {
    /// The schema of the tenant
    #[arg(short = 't', long, value_name = "SCHEMA")]
    schema: String,
    /// The file to read; a name without a slash means /tmp/FILE, and - means standard input
    #[arg(short, long, value_name = "FILE")]
    file: Option<String>,
    /// The host of the other POEM, without protocol; a port may follow
    #[arg(short = 'p', long, value_name = "HOST")]
    host: Option<String>,
    /// Use https
    #[arg(short = 's', long, conflicts_with = "file")]
    https: bool,
    /// Request the URL with a trailing slash
    #[arg(short = 'l', long, conflicts_with = "file")]
    trailing_slash: bool,
    /// Import only if the tenant has no profile yet
    #[arg(short, long)]
    initial: bool,
    /// Import also profiles without metric instances, which delete those of the existing profiles
    #[arg(long)]
    yes: bool,
    /// The names of the profiles to import, each with all its versions [default: all]
    #[arg(value_name = "PROFILE")]
    profiles: Vec<String>,
    #[command(flatten)]
    common: CommonArgs,
}

/// The source of the profiles.
#[derive(Debug, PartialEq, Eq)]
enum ProfilesSource {
    File(InputFile),
    Url(String),
}

impl std::fmt::Display for ProfilesSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(file) => file.fmt(f),
            Self::Url(url) => f.write_str(url),
        }
    }
}

/// Imports the selected profiles in one transaction and reports each of them.
pub fn run(args: Args) -> CommandResult {
    let source = source(&args)?;
    let context = Context::open(&args.common, PROGRAM)?;
    block_on(async {
        let tenant = context.tenant(&args.schema).await?;
        report(&format!("Running synchronizer for POEM sync ({source})"));
        // The import checks this again in its transaction. Checked here as well, it saves the download.
        if args.initial && has_profiles(&context, &tenant).await? {
            return skip();
        }
        let text = source.read(&context).await?;
        let parsed = parse(&text).map_err(|error| Failure::new(format!("{source}: {error}")))?;
        for warning in &parsed.warnings {
            output::warn(format!("{PROGRAM}: warning: {warning}"));
        }
        let wanted = select(parsed.profiles, &args.profiles)
            .map_err(|missing| Failure::new(format!("nothing was imported: {source} has no profile {missing}")))?;
        if !args.yes {
            check_not_emptied(&context, &tenant, &wanted).await?;
        }
        let pool = context.pool();
        match registry::import(&pool, &tenant.schema, &wanted, args.initial, PROGRAM).await? {
            None => skip(),
            Some(imported) if imported.is_empty() => {
                report(&format!("{source} has no profiles; nothing was imported"));
                Ok(())
            }
            Some(imported) => {
                imported.iter().for_each(|profile| report(&synchronized(profile, &tenant.name)));
                Ok(())
            }
        }
    })
}

fn source(args: &Args) -> Result<ProfilesSource, Failure> {
    let Some(host) = &args.host else {
        // clap requires one of the two.
        return Ok(ProfilesSource::File(input_of(args.file.as_deref().unwrap_or_default())));
    };
    if host.contains("//") || host.starts_with("http:") || host.starts_with("https:") {
        return Err(Failure::Usage("Specify only POEM hostname, without protocol".to_owned()));
    }
    if Host::parse(host).is_err() {
        return Err(Failure::Usage(format!("{host:?} is not a host name with or without a port")));
    }
    let protocol = if args.https { "https" } else { "http" };
    let slash = if args.trailing_slash { "/" } else { "" };
    Ok(ProfilesSource::Url(format!("{protocol}://{host}/poem/api/0.2/json/profiles{slash}")))
}

impl ProfilesSource {
    async fn read(&self, context: &Context) -> Result<Vec<u8>, Failure> {
        match self {
            Self::File(file) => file.read_text(FILE_LIMIT).map_err(Failure::new),
            Self::Url(url) => {
                let trust = context.trusted_certificates();
                let client = HttpClient::new(&trust, ClientCredentials::default(), Limits::ONE_ATTEMPT)?;
                Ok(client.get(url, "application/json, */*;q=0.1", |_, _| ()).await?.body)
            }
        }
    }
}

/// The profiles with these names, or all if `names` is empty.
///
/// # Errors
/// The names that no profile has, separated by commas.
fn select(all: Vec<ProfileContent>, names: &[String]) -> Result<Vec<ProfileContent>, String> {
    let is_missing = |name: &&str| !all.iter().any(|profile| profile.name == *name);
    let missing: Vec<&str> = names.iter().map(String::as_str).filter(is_missing).collect();
    if !missing.is_empty() {
        return Err(missing.join(", "));
    }
    Ok(all.into_iter().filter(|profile| names.is_empty() || names.contains(&profile.name)).collect())
}

/// Refuses profiles without metric instances that would replace those of existing profiles: the sign of a source that
/// has lost its data.
async fn check_not_emptied(context: &Context, tenant: &Tenant, wanted: &[ProfileContent]) -> CommandResult {
    let mut tx = ReadTx::begin(&context.pool(), &tenant.schema).await?;
    let existing = profiles::list(tx.conn(), None).await?;
    let is_bare = |id: &&ProfileRow| {
        let same = |new: &ProfileContent| new.name == id.name && new.version == id.version;
        wanted.iter().any(|new| new.tuples.is_empty() && same(new))
    };
    let emptied: Vec<&ProfileRow> = existing.iter().filter(is_bare).collect();
    let ids: Vec<i64> = emptied.iter().map(|row| row.id).collect();
    let lost = profiles::tuples(tx.conn(), &ids).await?;
    let loses = |row: &&&ProfileRow| lost.iter().any(|(profile, _)| *profile == row.id);
    let names: Vec<&str> = emptied.iter().filter(loses).map(|row| row.name.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "nothing was imported: it has no metric instances for {}, which has {} in the tenant {}; --yes deletes them",
        names.join(", "),
        lost.len(),
        tenant.name
    )))
}

async fn has_profiles(context: &Context, tenant: &Tenant) -> Result<bool, Failure> {
    let mut tx = ReadTx::begin(&context.pool(), &tenant.schema).await?;
    Ok(profiles::any(tx.conn()).await?)
}

fn skip() -> CommandResult {
    const MESSAGE: &str = "Database already contains profiles .. skipping.";
    output::warn(MESSAGE);
    log::warn!("{MESSAGE}");
    Ok(())
}

/// Prints the line to standard output and to the log.
fn report(line: &str) {
    output::line(line);
    log::info!("{line}");
}

/// `Synchronized profile ARGO_MON: version 1.0 in EGI, changed. Added 3 metric instances.`
fn synchronized(profile: &Imported, tenant: &str) -> String {
    let Imported { name, version, is_new, changes } = profile;
    let outcome = match (is_new, changes.as_str()) {
        (true, "") => "new.".to_owned(),
        (true, changes) => format!("new. {changes}"),
        (false, "") => "unchanged.".to_owned(),
        (false, changes) => format!("changed. {changes}"),
    };
    format!("Synchronized profile {name}: version {version} in {tenant}, {outcome}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        args: Args,
    }

    fn args(line: &str) -> Result<Args, clap::Error> {
        Program::try_parse_from(line.split(' ')).map(|program| program.args)
    }

    fn source_of(line: &str) -> ProfilesSource {
        source(&args(line).unwrap()).unwrap()
    }

    #[test]
    fn the_source_is_a_file_or_a_host() {
        assert_eq!(source_of("x -t egi -f a.json"), ProfilesSource::File(InputFile::Path("/tmp/a.json".into())));
        assert_eq!(source_of("x -t egi -f -"), ProfilesSource::File(InputFile::Standard));
        let url = |rest: &str| ProfilesSource::Url(format!("{rest}/poem/api/0.2/json/profiles"));
        assert_eq!(source_of("x -t egi -p poem.egi.eu A B"), url("http://poem.egi.eu"));
        assert_eq!(source_of("x -t egi -s -i -p poem.egi.eu:8443"), url("https://poem.egi.eu:8443"));
        let slashed = source_of("x -t egi -sl -p poem.egi.eu");
        assert_eq!(slashed.to_string(), "https://poem.egi.eu/poem/api/0.2/json/profiles/");
        for line in ["x -t egi", "x -t egi -f a -p b", "x -f a", "x -t egi -f a -s", "x -t egi -f a -l"] {
            assert!(args(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_host_is_only_a_host() {
        for (host, words) in [
            ("https://poem.egi.eu", "Specify only POEM hostname, without protocol"),
            ("HTTP://poem", "Specify only POEM hostname, without protocol"),
            ("http:poem", "Specify only POEM hostname, without protocol"),
            ("poem/egi", "\"poem/egi\" is not a host name with or without a port"),
            ("user@poem", "\"user@poem\" is not a host name with or without a port"),
        ] {
            let failure = source(&args(&format!("x -t egi -p {host}")).unwrap()).unwrap_err();
            assert!(matches!(&failure, Failure::Usage(said) if said == words), "{failure:?}");
        }
    }

    #[test]
    fn profiles_are_selected_by_name() {
        let profile = |name: &str, version: &str| ProfileContent {
            name: name.to_owned(),
            version: version.to_owned(),
            ..ProfileContent::default()
        };
        let all = || vec![profile("A", "1"), profile("B", "1"), profile("A", "2")];
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(select(all(), &[]), Ok(all()));
        assert_eq!(select(all(), &names(&["A"])), Ok(vec![profile("A", "1"), profile("A", "2")]));
        assert_eq!(select(all(), &names(&["C", "A", "D"])), Err("C, D".to_owned()));
    }

    #[test]
    fn the_outcome_is_reported_per_profile() {
        let said = |is_new, changes: &str| {
            let (name, version) = ("A".to_owned(), "1.0".to_owned());
            synchronized(&Imported { name, version, is_new, changes: changes.to_owned() }, "EGI")
        };
        assert_eq!(said(true, ""), "Synchronized profile A: version 1.0 in EGI, new.");
        assert_eq!(said(false, ""), "Synchronized profile A: version 1.0 in EGI, unchanged.");
        assert_eq!(said(false, "Changed VO."), "Synchronized profile A: version 1.0 in EGI, changed. Changed VO.");
    }
}
