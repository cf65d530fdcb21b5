//! `poem-db`: creates and migrates the database, creates the first user, loads data.

use std::path::PathBuf;

use clap::ArgAction;
use sqlx::{Connection, PgConnection};

use super::context::{CommonArgs, Context, block_on};
use super::input_file::InputFile;
use super::prompt::confirm;
use super::take_over::{self, TakeOverArgs};
use super::{CommandResult, Failure, loss, pending};
use crate::domain::model::snapshot::Snapshot;
use crate::domain::model::tenant::Tenant;
use crate::domain::security::password;
use crate::import_export::django;
use crate::output;
use crate::registry::load::LoadOutcome as Loaded;
use crate::registry::{load, sessions, tenants as registry, users};
use crate::store::access::DatabaseAccess;
use crate::store::migrate::{self, Progress, Schema};
use crate::store::tenants;

const PROGRAM: &str = "poem-db";
/// The largest dump, unpacked, in bytes. Dumps of real tenants have some MiB.
const DUMP_LIMIT: u64 = 1024 * 1024 * 1024;

/// Create and migrate the database, create the first user, load data. Actions may be combined
#[derive(clap::Args, Debug)]
#[command(disable_version_flag = true)]
#[command(group = clap::ArgGroup::new("loses").args(["replace", "undo"]))]
pub struct Args {
    /// Create or migrate the schema public, with the public tenant "all"
    #[arg(short, long)]
    create: bool,
    /// Apply new migrations to the schema public and to every tenant
    #[arg(short, long)]
    apply: bool,
    /// List the migrations and their state, per schema
    #[arg(short, long)]
    list: bool,
    /// Only find out if migrations are pending: exit status 0 if none is, 3 if some are, 1 if that cannot be found out
    #[arg(long, conflicts_with_all = ["create", "apply", "list", "file", "superuser", "schema", "clear_sessions", "fixture", "data", "take_over"])]
    pending: bool,
    /// Alone or with -c or -a: mark migrations as run without running them. After -d: the file to load; - means standard input
    #[arg(short, long = "fake-or-file", visible_aliases = ["fake", "file"], value_name = "FILE", num_args = 0..=1, action = ArgAction::Append)]
    file: Option<Vec<PathBuf>>,
    /// Create the superuser of the configuration's section [SUPERUSER_<TENANT>]
    #[arg(short = 'u', long)]
    superuser: bool,
    /// The schema of the tenant
    #[arg(short = 'n', long, value_name = "SCHEMA")]
    schema: Option<String>,
    /// Remove login sessions that ended a day ago, of all tenants unless -n is given
    #[arg(short = 's', long)]
    clear_sessions: bool,
    /// Load the fixed rows: three tags, two metric types
    #[arg(short = 'x', long)]
    fixture: bool,
    /// Load data of POEM 2.3 from the file given with -f (written by "dumpdata")
    #[arg(short, long)]
    data: bool,
    /// With -d: empty the tenant before loading, after a question
    #[arg(long, requires = "data")]
    replace: bool,
    /// Replace or undo without asking
    #[arg(long, requires = "loses")]
    yes: bool,
    #[command(flatten)]
    take_over: TakeOverArgs,
    /// Had a meaning only in Django; refused
    #[arg(short = 'm', long, hide = true, num_args = 0..=1, default_missing_value = "")]
    makemigrations: Option<String>,
    /// Had a meaning only in Django; refused
    #[arg(short = 'o', long, hide = true, num_args = 0..=1, default_missing_value = "")]
    output: Option<String>,
    #[command(flatten)]
    common: CommonArgs,
}

/// The actions that the flags ask for, in the order in which they run.
struct Plan {
    create: bool,
    apply: bool,
    fake: bool,
    fixture: Option<String>,
    superuser: Option<String>,
    load: Option<(String, InputFile)>,
    clear_sessions: bool,
    list: bool,
}

impl Args {
    /// The actions to run.
    ///
    /// # Errors
    /// `Usage` for flags that do not go together, or none at all.
    fn plan(&self) -> Result<Plan, Failure> {
        if self.makemigrations.is_some() || self.output.is_some() {
            let message = "-m and -o wrote Django migrations and have no meaning here: POEM ships with its migrations";
            return Err(Failure::Usage(message.to_owned()));
        }
        let file = match self.file.as_deref() {
            Some([_, _, ..]) => return Err(Failure::Usage("-f: only one file can be loaded at a time".to_owned())),
            files => files.and_then(|files| files.first()).cloned(),
        };
        let fake = self.file.is_some() && !self.data;
        if let (Some(file), false) = (&file, self.data) {
            return Err(Failure::Usage(format!("-f {}: a file can only be given with -d", file.display())));
        }
        let load = match (self.data, file) {
            (true, Some(file)) => Some((self.schema_for("-d")?, InputFile::new(&file))),
            (true, None) => return Err(Failure::Usage("-d needs the file to load: -f FILE".to_owned())),
            (false, _) => None,
        };
        let plan = Plan {
            create: self.create,
            apply: self.apply || (fake && !self.create),
            fake,
            fixture: self.fixture.then(|| self.schema_for("-x")).transpose()?,
            superuser: self.superuser.then(|| self.schema_for("-u")).transpose()?,
            load,
            clear_sessions: self.clear_sessions,
            list: self.list,
        };
        match plan.is_empty() {
            true => Err(Failure::Usage("nothing to do: use -c, -a, -l, -u, -s, -x or -d".to_owned())),
            false => Ok(plan),
        }
    }

    fn schema_for(&self, flag: &str) -> Result<String, Failure> {
        self.schema.clone().ok_or_else(|| Failure::Usage(format!("{flag} needs the schema of the tenant: -n SCHEMA")))
    }
}

impl Plan {
    fn is_empty(&self) -> bool {
        let flags = self.create || self.apply || self.clear_sessions || self.list;
        !flags && self.fixture.is_none() && self.superuser.is_none() && self.load.is_none()
    }
}

/// Runs the planned actions one after the other.
pub fn run(args: Args) -> CommandResult {
    if args.pending {
        return pending::run(&args.common);
    }
    if let Some(action) = args.take_over.action(args.schema.as_deref(), args.yes) {
        let context = Context::open(&args.common, PROGRAM)?;
        return block_on(take_over::run(&context, action));
    }
    let plan = args.plan()?;
    let context = Context::open(&args.common, PROGRAM)?;
    block_on(async {
        if plan.create || plan.apply {
            migrate(&context, &plan, args.schema.as_deref()).await?;
        }
        if let Some(schema) = &plan.fixture {
            let tenant = context.tenant(schema).await?;
            let rows = registry::install_fixed_rows(&context.pool(), &tenant.schema).await?;
            output::line(format!("Installed {rows} object(s) from 1 fixture(s)"));
        }
        if let Some(schema) = &plan.superuser {
            create_superuser(&context, schema).await?;
        }
        if let Some((schema, file)) = &plan.load {
            let replace = match (args.replace, args.yes) {
                (false, _) => Replace::No,
                (true, false) => Replace::Ask,
                (true, true) => Replace::Yes,
            };
            load_data(&context, schema, file, replace).await?;
        }
        if plan.clear_sessions {
            clear_sessions(&context, args.schema.as_deref()).await?;
        }
        if plan.list {
            list(&context, args.schema.as_deref()).await?;
        }
        Ok(())
    })
}

async fn migrate(context: &Context, plan: &Plan, only: Option<&str>) -> CommandResult {
    let mut conn = context.connection().await?;
    if plan.fake && !tenants::are_listed(&mut conn).await? {
        let message = "-f marks migrations whose tables already exist, but the schema public has none: run poem-db -c";
        return Err(Failure::new(format!("{message}; nothing was marked")));
    }
    check_access(&mut conn).await?;
    run_migrations(&mut conn, &Schema::Public, plan.fake).await?;
    if registry::ensure_public_tenant(&mut conn).await? {
        output::line("Created the public tenant");
    }
    if plan.apply {
        for schema in context.schemas(only).await? {
            run_migrations(&mut conn, &Schema::Tenant(schema), plan.fake).await?;
        }
    }
    Ok(conn.close().await?)
}

/// Refuses a database that POEM cannot use, and names the rights that the role lacks.
async fn check_access(conn: &mut PgConnection) -> CommandResult {
    let access = DatabaseAccess::read(conn).await?;
    if let Some(problem) = access.unusable() {
        return Err(Failure::new(format!("{problem}; nothing was created")));
    }
    let grants = access.missing_grants();
    let is_pending = migrate::state(conn, &Schema::Public).await?.iter().any(|step| !step.applied);
    match is_pending && !grants.is_empty() {
        true => Err(Failure::new(format!(
            "the role {} cannot create POEM's tables: run, as a superuser, {}; nothing was created",
            access.role,
            grants.join("; ")
        ))),
        false => Ok(()),
    }
}

/// Applies the pending migrations of a schema, or marks them as applied if `fake` is set, and prints the progress.
pub async fn run_migrations(conn: &mut PgConnection, schema: &Schema, fake: bool) -> CommandResult {
    let name = schema.as_str();
    output::line(format!("[standard:{name}] === Running migrate for schema {name}"));
    let applied = migrate::run(conn, schema, fake, &mut |progress| print_progress(name, progress)).await?;
    if applied == 0 {
        output::line(format!("[standard:{name}] No migrations to apply."));
    }
    log::info!("{name}: applied {applied} migration(s)");
    Ok(())
}

/// Prints a line when a migration begins and one when it is done, in the words of POEM 2.3.
pub fn print_progress(schema: &str, progress: Progress<'_>) {
    match progress {
        Progress::Applying(name) => output::line(format!("[standard:{schema}] Applying poem.{name}...")),
        Progress::Applied(_) => output::line(format!("[standard:{schema}] OK")),
    }
}

async fn create_superuser(context: &Context, schema: &str) -> CommandResult {
    let tenant = context.tenant(schema).await?;
    let user = context.config.superuser(&tenant.name)?;
    let hash = password::hash(user.password.expose());
    match users::create_superuser(&context.pool(), &tenant.schema, &user.name, &hash, &user.email).await? {
        true => output::line("Superuser created successfully."),
        false => output::warn("Superuser already created."),
    }
    Ok(())
}

/// The answer to the question if other data of the tenant may be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// A tenant with other data is refused.
    No,
    /// The administrator is asked.
    Ask,
    /// They are replaced.
    Yes,
}

/// Loads a dump of POEM 2.3 into a tenant, completely or not at all, and prints what was loaded.
///
/// # Errors
/// `Failed` if the file is not a valid dump, if the tenant has other data that are not to be replaced, or if the dump
/// has nothing to replace them with.
pub async fn load_data(context: &Context, schema: &str, file: &InputFile, replace: Replace) -> CommandResult {
    let tenant = context.tenant(schema).await?;
    let progress = spinner(format!("Reading {file}"));
    let dump = file.read_text(DUMP_LIMIT).map_err(|error| Failure::new(format!("{error}; nothing was loaded")))?;
    let loaded = django::parse(&dump, &context.keys()?, context.config.general.timezone)
        .map_err(|error| Failure::new(format!("{file}: {error}; nothing was loaded")))?;
    progress.finish_and_clear();
    if replace != Replace::No {
        check_replacement(context, &tenant, &loaded.snapshot, (file, replace)).await?;
    }
    let progress = spinner(format!("Loading {} objects", loaded.objects));
    let outcome = load::load(&context.pool(), &tenant.schema, &loaded.snapshot, replace != Replace::No).await?;
    progress.finish_and_clear();
    for warning in &loaded.warnings {
        output::warn(format!("{PROGRAM}: warning: {warning}"));
    }
    match outcome {
        Loaded::NothingToDo => output::line("The tenant already holds exactly these data: nothing to do."),
        Loaded::Loaded => {
            for (what, count) in &loaded.counts {
                output::line(format!("{count:>8} {what}"));
            }
            output::line(format!("Installed {} object(s) from 1 fixture(s)", loaded.objects));
        }
    }
    log::info!("{}: {outcome:?} {} objects from {file}", tenant.name, loaded.objects);
    Ok(())
}

/// Checks that other data of the tenant may be lost, and that there is something to replace them with.
async fn check_replacement(
    context: &Context,
    tenant: &Tenant,
    data: &Snapshot,
    (file, replace): (&InputFile, Replace),
) -> CommandResult {
    let Some(lost) = load::lost(&context.pool(), &tenant.schema, data).await? else { return Ok(()) };
    if data.is_empty() {
        let message = format!("{file} holds nothing that could replace the data of the tenant {}", tenant.name);
        return Err(Failure::new(format!("{message}; nothing was loaded (poem-tenant --delete deletes a tenant)")));
    }
    let lost = loss::in_words(&lost);
    let question = format!("Replacing the data of the tenant {} permanently deletes {lost}.", tenant.name);
    if replace == Replace::Ask && !confirm(&format!("{question} Replace them?"), tenant.schema.as_str())? {
        return Err(Failure::new("nothing was loaded"));
    }
    log::info!("{}: replacing {lost}", tenant.name);
    Ok(())
}

/// A spinner that turns until it is finished. Shows nothing if the output is not a terminal.
fn spinner(message: String) -> indicatif::ProgressBar {
    let spinner = indicatif::ProgressBar::new_spinner().with_message(message);
    spinner.enable_steady_tick(std::time::Duration::from_millis(100));
    spinner
}

async fn clear_sessions(context: &Context, only: Option<&str>) -> CommandResult {
    let pool = context.pool();
    for schema in context.schemas(only).await? {
        let cleared = sessions::clear_ended(&pool, &schema).await?;
        log::info!("{schema}: cleared {cleared} ended session(s)");
    }
    Ok(())
}

async fn list(context: &Context, only: Option<&str>) -> CommandResult {
    let tenants = match migrated_public(context).await? {
        true => context.schemas(only).await?,
        false => Vec::new(),
    };
    let public = only.is_none().then_some(Schema::Public);
    let mut conn = context.connection().await?;
    for schema in public.into_iter().chain(tenants.into_iter().map(Schema::Tenant)) {
        output::line(schema.as_str());
        for step in migrate::state(&mut conn, &schema).await? {
            output::line(format!(" [{}] {}", if step.applied { 'X' } else { ' ' }, step.name));
        }
    }
    Ok(conn.close().await?)
}

/// Checks whether the table of tenants exists yet.
async fn migrated_public(context: &Context) -> Result<bool, Failure> {
    let mut conn = context.connection().await?;
    let steps = migrate::state(&mut conn, &Schema::Public).await?;
    conn.close().await?;
    Ok(steps.iter().any(|step| step.applied))
}
