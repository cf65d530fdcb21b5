//! `poem-syncservtype`, `poem-syncvo` and `poem-syncservices`: lists that are filled from feeds.

mod bad_feeds;
mod guard;
mod https;
mod lists;
mod pages;
mod together;

use std::fs;
use std::io::Write;

use crate::support::Installation;
use crate::support::sql::sql;

/// The commands with the keys of their feeds.
const COMMANDS: [(&str, &str); 3] =
    [("poem-syncservtype", "ServiceType"), ("poem-syncvo", "VO"), ("poem-syncservices", "Services")];

/// An XML feed of VOs in production.
fn vo_feed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let card = |name: &str| format!("<IDCard Name=\"{name}\" Status=\"Production\"/>");
    format!("<VoDump>{}</VoDump>", names.into_iter().map(card).collect::<String>())
}

/// An XML feed of service types with descriptions.
fn service_type_feed(types: &[(&str, &str)]) -> String {
    let element = |(name, description): &(&str, &str)| {
        format!(
            "<SERVICE_TYPE><SERVICE_TYPE_NAME>{name}</SERVICE_TYPE_NAME>\
             <SERVICE_TYPE_DESC>{description}</SERVICE_TYPE_DESC></SERVICE_TYPE>"
        )
    };
    format!("<results>{}</results>", types.iter().map(element).collect::<String>())
}

/// Writes a file of the installation and returns its address.
fn file_feed(installation: &Installation, name: &str, content: &str) -> String {
    let path = installation.path(name);
    fs::write(&path, content).unwrap();
    format!("file://{}", path.display())
}

/// Adds `[SYNC_X]` of a tenant to poem.conf.
fn configure(installation: &Installation, tenant: &str, lines: &str) {
    let mut file = fs::File::options().append(true).open(installation.config_path()).unwrap();
    writeln!(file, "\n[SYNC_{tenant}]\n{lines}").unwrap();
}

/// The VOs of the tenant EGI.
fn vos(installation: &Installation) -> Vec<String> {
    sql(installation, "SELECT name FROM egi.vo ORDER BY name COLLATE \"C\"")
}

/// The state of a feed: result and message, and the numbers of added, changed and removed entries.
fn status(installation: &Installation, schema: &str, feed: &str) -> String {
    let columns = "result, message, added, changed, removed";
    let select = format!("SELECT {columns} FROM public.sync_status WHERE schema_name = '{schema}' AND feed = '{feed}'");
    sql(installation, &select).join("\n")
}
