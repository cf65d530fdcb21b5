//! `poem saml explain`: says whether a Response that was saved would be accepted, for support.

use std::path::PathBuf;

use chrono::Utc;

use super::PROGRAM;
use crate::cli::context::{CommonArgs, Context, block_on};
use crate::cli::input_file::InputFile;
use crate::cli::{CommandResult, Failure};
use crate::domain::model::federated_identity::FederatedIdentity;
use crate::output;
use crate::saml::assertion::CheckedAssertion;
use crate::saml::federation::Federation;
use crate::saml::refusal::{Refusal, RefusalClass, quoted};
use crate::saml::response::{LoginFacts, ReceivedResponse};

/// The largest file: a message of the largest size in base64, with line breaks.
const LARGEST_FILE: u64 = 2 * 1024 * 1024;

/// Say whether an answer of the identity provider would be accepted, and if not, why
///
/// Neither the login that the answer belongs to nor the browser is checked, and not whether it was used before.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The schema of the tenant
    #[arg(short = 'n', long, value_name = "SCHEMA")]
    schema: String,
    /// The answer, as XML or in base64; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    common: CommonArgs,
}

/// Prints the checks that the message passes, and the person that it describes.
///
/// # Errors
/// `Failed` if the message would be refused.
pub fn run(args: Args) -> CommandResult {
    let context = Context::open(&args.common, PROGRAM)?;
    let input = InputFile::new(&args.file).read_text(LARGEST_FILE).map_err(Failure::new)?;
    let text = String::from_utf8(input).map_err(|_| Failure::new("the file is not UTF-8 text"))?;
    block_on(async {
        let tenant = context.tenant(&args.schema).await?;
        let federation = Federation::load(&context.config, &tenant)?;
        let federation = federation.ok_or_else(|| Failure::new(format!("{} has no federated login", tenant.name)))?;
        explain(&text, &federation).map_err(|refusal| Failure::new(format!("it would be refused: {refusal}")))
    })
}

/// Makes the checks of a login, in their order, and prints each that the message passes.
fn explain(text: &str, federation: &Federation) -> Result<(), Refusal> {
    let Federation { sp, idp, metadata_file } = federation;
    let received = match text.trim_start().starts_with('<') {
        true => ReceivedResponse::of_text(text.to_owned(), sp, idp),
        false => ReceivedResponse::read(text, sp, idp),
    }?;
    passed(&format!("it is a successful answer of {}", idp.entity_id));
    passed(&format!("it was sent to {}", sp.acs()));
    let request_id = match received.in_response_to() {
        Some(id) => id.to_owned(),
        None => return Err(RefusalClass::Unsolicited.because("it has no InResponseTo, so it answers no login")),
    };
    passed("it answers a login; which one is not checked");
    let verified = received.verify(idp, &metadata_file.display().to_string())?;
    passed(&format!("it is signed by a certificate in {}", metadata_file.display()));
    let login = LoginFacts { request_id: &request_id, begun: None, now: Utc::now() };
    let assertion = verified.check(sp, idp, &login)?;
    passed(&format!("its assertion is for {} and for this time", sp.entity_id));
    let attributes = verified.attributes()?;
    let identity = attributes.identity(&sp.settings, &idp.entity_id)?;
    passed("it identifies a person");
    attributes.check_entitlements(&sp.settings)?;
    if !sp.settings.entitlements.is_empty() {
        passed("the person has one of the entitlements");
    }
    show(&identity, &assertion);
    Ok(())
}

fn passed(check: &str) {
    output::line(format!("  ok     {check}"));
}

/// Prints the person. Texts of the message are quoted, so that they cannot command the terminal.
fn show(identity: &FederatedIdentity, assertion: &CheckedAssertion) {
    let line = |name: &str, text: &str| output::line(format!("  {name:<18} {text}"));
    identity.identifiers.iter().for_each(|identifier| line("identifier", &quoted(identifier)));
    for (name, value) in [
        ("display name", &identity.display_name),
        ("given name", &identity.given_name),
        ("surname", &identity.surname),
        ("e-mail", &identity.mail),
        ("certificate", &identity.certificate_subject),
    ] {
        if !value.is_empty() {
            line(name, &quoted(value));
        }
    }
    if let Some(end) = assertion.session.ends_by {
        line("session until", &end.format("%Y-%m-%d %H:%M:%S UTC").to_string());
    }
}
