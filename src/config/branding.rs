//! The keys of `[GENERAL_X]` about the looks of a tenant's pages.
//!
//! A value that cannot be used is left out, and the rest has effect: nobody is kept from working by a misspelt colour.
//! `poem doctor` and the log name it.

use super::error::{ConfigError, ConfigProblem};
use super::settings::{ConfigSection, MergedSettings};
use super::tenant::general_section;
use crate::domain::web::branding::{Branding, TenantColor, TenantIcon, TenantLetters};
use crate::domain::web::footer::{self, Footer};

/// The keys of links with a label of their own.
const LINKS: [(&str, &str); 3] = [("TermsUrl", "Terms of use"), ("PrivacyUrl", "Privacy"), ("LicenceUrl", "Licence")];

const ADDRESS: ConfigProblem = ConfigProblem::Not("an address (https://…, http://… or a path such as /static/…)");
const IMAGE: ConfigProblem = ConfigProblem::Not("a path on this server such as /static/local/funder.svg");
const MORE_LINKS: ConfigProblem = ConfigProblem::Not("a list such as Status=https://…, Support=https://…");

/// Returns the looks of a tenant's pages, and what of its section cannot be used.
pub(super) fn read(settings: &MergedSettings, tenant: &str) -> (Branding, Vec<ConfigError>) {
    let name = general_section(tenant);
    let Some(section) = settings.optional(&name) else { return (Branding::default(), Vec::new()) };
    let mut keys = Keys { section, problems: Vec::new() };
    let color = keys.usable(|section| section.parsed::<TenantColor>("Color", TenantColor::EXPECTED));
    let letters = keys.usable(|section| section.parsed::<TenantLetters>("Letter", TenantLetters::EXPECTED));
    let icon = TenantIcon { color: color.unwrap_or_default(), letters: letters.unwrap_or_default() };
    let footer = Footer {
        text: keys.usable(|section| section.text_or_empty("FooterText")),
        logo: keys.checked("FooterLogo", footer::is_path, IMAGE),
        logo_text: keys.usable(|section| section.text_or_empty("FooterLogoText")),
        links: keys.links(),
    };
    (Branding::new(&icon, footer), keys.problems)
}

/// The keys of a section that are read one by one; what cannot be used is a problem, and the default.
struct Keys<'a> {
    section: ConfigSection<'a>,
    problems: Vec<ConfigError>,
}

impl<'a> Keys<'a> {
    fn usable<T: Default>(&mut self, read: impl FnOnce(&ConfigSection<'a>) -> Result<T, ConfigError>) -> T {
        read(&self.section).unwrap_or_else(|problem| {
            self.problems.push(problem);
            T::default()
        })
    }

    fn checked(&mut self, key: &str, is_good: fn(&str) -> bool, problem: ConfigProblem) -> String {
        self.usable(|section| {
            let text = section.text_or_empty(key)?;
            if text.is_empty() || is_good(&text) { Ok(text) } else { Err(section.error(key, problem)) }
        })
    }

    fn links(&mut self) -> Vec<(String, String)> {
        let fixed = LINKS.map(|(key, label)| (label.to_owned(), self.checked(key, footer::is_link, ADDRESS)));
        let more = self.usable(|section| {
            let items = section.list("FooterLinks")?.unwrap_or_default();
            let links: Option<Vec<_>> = items.iter().map(|item| footer::labelled_link(item)).collect();
            links.ok_or_else(|| section.error("FooterLinks", MORE_LINKS))
        });
        fixed.into_iter().filter(|(_, address)| !address.is_empty()).chain(more).collect()
    }
}
