//! The pages of the demo identity provider. They need no templates, so that nothing else of POEM has to be there.

use super::markup::escape;
use super::people::{DemoPerson, DemoServiceProvider};

/// The name for people, in the metadata and on the pages.
pub const NAME: &str = "POEM’s demo identity provider";

/// The script of the page that passes a message on.
pub const SCRIPT: &str = "document.getElementById(\"pass-on\")?.submit();\n";

/// The style of the pages.
pub const STYLE: &str = "\
:root { color-scheme: light dark }
body { font-family: sans-serif; line-height: 1.5; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; \
color: light-dark(#222, #e4e9e5); background: light-dark(#fff, #111615) }
p.warning { border-left: .4rem solid #b45309; background: light-dark(#fff7ed, #2f2616); padding: .5rem 1rem }
ul { padding: 0; list-style: none }
li { display: flex; gap: .75rem; align-items: baseline; margin: .75rem 0 }
li button { flex: none; min-width: 10rem }
button { font: inherit; padding: .4rem 1rem; cursor: pointer }
";

/// The page that asks who is logging in. `action` is the address that it is sent to.
pub fn choice(action: &str, service_provider: &DemoServiceProvider, people: &[DemoPerson]) -> String {
    let person = |(number, person): (usize, &DemoPerson)| {
        let (name, note) = (escape(&person.name), escape(&person.note));
        format!("<li><button name=\"person\" value=\"{number}\">{name}</button> {note}</li>\n")
    };
    let people: String = people.iter().enumerate().map(person).collect();
    let (action, name) = (escape(action), escape(&service_provider.name));
    page(
        "Who are you?",
        &format!(
            "<p>{name} asks who you are.</p>\n<form method=\"post\" action=\"{action}\">\n<ul>\n{people}</ul>\n\
             <p><button name=\"person\" value=\"cancel\">Cancel</button></p>\n</form>\n"
        ),
    )
}

/// The page that passes a response on to a service provider, by itself or by its button.
pub fn passed_on(acs: &str, response: &str, relay_state: Option<&str>, again: Option<(&str, &str)>) -> String {
    let field =
        |name: &str, value: &str| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">\n", escape(value));
    let relay_state = relay_state.map(|value| field("RelayState", value)).unwrap_or_default();
    let other = again.map_or_else(String::new, |(name, address)| {
        let (name, address) = (escape(name), escape(address));
        format!("<p>You are logged in as {name}. <a href=\"{address}\">Log in as somebody else</a></p>\n")
    });
    let (acs, response) = (escape(acs), field("SAMLResponse", response));
    page(
        "Going back",
        &format!(
            "<form method=\"post\" action=\"{acs}\" id=\"pass-on\">\n{response}{relay_state}\
             <p><button>Continue</button></p>\n</form>\n{other}<script src=\"/script.js\"></script>\n"
        ),
    )
}

/// The first page: who is logged in here, and where to log in.
pub fn start(person: Option<&DemoPerson>, service_providers: &[DemoServiceProvider]) -> String {
    let session = match person {
        Some(person) => format!(
            "<p>You are logged in as {}.</p>\n<form method=\"post\" action=\"/logout\">\n\
             <p><button>Log out here</button></p>\n</form>\n",
            escape(&person.name)
        ),
        None => "<p>You are not logged in here.</p>\n".to_owned(),
    };
    let link = |known: &DemoServiceProvider| {
        format!("<li><a href=\"{}\">{}</a></li>\n", escape(&known.login), escape(&known.name))
    };
    let links: String = service_providers.iter().map(link).collect();
    page(NAME, &format!("{session}<p>Log in to:</p>\n<ul>\n{links}</ul>\n<p><a href=\"/metadata\">Metadata</a></p>\n"))
}

/// A page that only says something.
pub fn message(title: &str, text: &str) -> String {
    page(title, &format!("<p>{}</p>\n<p><a href=\"/\">{NAME}</a></p>\n", escape(text)))
}

fn page(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n\
         <p class=\"warning\">This is {NAME}, for trying and testing. It asks for no passwords: everyone who opens this page \
         can be anybody. It is not for production.</p>\n{body}</main>\n</body>\n</html>\n"
    )
}
