//! Every template renders with every sample, and no text becomes HTML. The pages are written to target/pages/, to look
//! at them and for the tests in a browser.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use crate::templates::samples::{Sample, samples};
use poem::templates::CONTENT_SECURITY_POLICY;
use rocket::local::blocking::Client;
use rocket_dyn_templates::Template;

use crate::templates::hygiene::templates;

/// Returns a client of a server that only has the templates loaded.
fn with_templates() -> Client {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = rocket::Config { log_level: rocket::config::LogLevel::Critical, ..rocket::Config::release_default() };
    let figment = rocket::figment::Figment::from(config).merge(("template_dir", root.join("templates")));
    Client::untracked(rocket::custom(figment).attach(Template::fairing())).expect("the templates are well-formed")
}

/// Returns every sample and its page, rendered once for all tests.
fn rendered() -> &'static [(Sample, String)] {
    static RENDERED: LazyLock<Vec<(Sample, String)>> = LazyLock::new(render_all);
    &RENDERED
}

fn render_all() -> Vec<(Sample, String)> {
    let client = with_templates();
    let render = |sample: Sample| {
        let page = Template::show(client.rocket(), sample.template, &sample.given);
        let page = page.unwrap_or_else(|| panic!("{} does not render {}", sample.template, sample.name));
        (sample, page)
    };
    samples().into_iter().map(render).collect()
}

#[test]
fn every_template_renders_every_sample() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pages");
    fs::create_dir_all(&directory).unwrap();
    let mut written = BTreeSet::new();
    // The tests in a browser may read the directory at the same time, so each file is replaced as a whole.
    let mut write = |name: String, content: &str| {
        let new = directory.join(format!("{name}.new"));
        fs::write(&new, content).unwrap();
        fs::rename(new, directory.join(&name)).unwrap();
        written.insert(name);
    };
    for (sample, page) in rendered() {
        assert!(page.contains("</html>"), "{} is cut short", sample.name);
        write(format!("{}.html", sample.name), page);
    }
    // The header that POEM sends with every page, for the server of the samples.
    write("content-security-policy".to_owned(), CONTENT_SECURITY_POLICY);
    for entry in fs::read_dir(&directory).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() && !written.contains(&*entry.file_name().to_string_lossy()) {
            fs::remove_file(entry.path()).unwrap();
        }
    }
}

#[test]
fn every_page_has_a_sample() {
    let sampled: BTreeSet<_> = samples().iter().map(|sample| format!("{}.html.tera", sample.template)).collect();
    let pages = templates().into_iter().map(|(path, _)| path);
    let pages = pages.filter(|path| !path.starts_with("widgets/") && path != "base.html.tera");
    assert_eq!(pages.filter(|path| !sampled.contains(path)).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn no_text_becomes_html() {
    for (sample, page) in rendered().iter().filter(|(sample, _)| sample.name.ends_with("-script")) {
        assert!(page.contains("&lt;script&gt;alert(1)"), "{} does not show the text", sample.name);
        assert!(!page.contains("<script>alert"), "{} lets a script through", sample.name);
        assert!(!page.contains("\"'>"), "{} lets a quote through", sample.name);
    }
}

#[test]
fn ids_are_unique_in_a_page() {
    for (sample, page) in rendered() {
        // A <template> is included: scripts insert its content under other ids.
        let mut seen = BTreeSet::new();
        for id in page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(seen.insert(id), "{} has two elements with the id {id}", sample.name);
        }
    }
}

#[test]
fn labels_and_descriptions_refer_to_existing_elements() {
    for (sample, page) in rendered().iter().filter(|(sample, _)| !sample.name.contains("-long")) {
        for attribute in [" for=\"", " aria-describedby=\"", " aria-labelledby=\""] {
            let named = page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
            for id in named.flat_map(str::split_whitespace) {
                let exists = page.contains(&format!(" id=\"{id}\""));
                assert!(exists, "{}: {attribute}{id}\" refers to no element", sample.name);
            }
        }
    }
}
