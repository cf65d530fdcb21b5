//! The colours of tenants have enough contrast (WCAG 2.2 AA), in light and dark: for texts and links, buttons, and the
//! outline of what has the focus.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use poem::domain::web::branding::TenantColor;

/// The least contrast of a text, and of what is no text but has a meaning.
const TEXT: f64 = 4.5;
const SHAPE: f64 = 3.0;

/// The names of the custom properties with their values, in light or in dark.
type Shades = BTreeMap<String, String>;

/// Returns the declarations of custom properties in a block of the style sheet; empty if it has no such block.
fn declarations(css: &str, selector: &str) -> Vec<(String, String)> {
    let Some((_, block)) = css.split_once(&format!("\n{selector} {{")) else { return Vec::new() };
    let block = block.split('}').next().unwrap();
    let pairs = block.split(';').filter_map(|one| one.trim().strip_prefix("--")?.split_once(": "));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Returns a value as it is in light (0) or dark (1).
fn shade(value: &str, place: usize) -> String {
    let both = value.strip_prefix("light-dark(").and_then(|rest| rest.strip_suffix(')'));
    both.map_or(value, |both| both.split(", ").nth(place).unwrap()).to_owned()
}

fn shades(color: TenantColor, place: usize) -> Shades {
    let css = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("static/poem.css")).unwrap();
    let own = declarations(&css, &format!("[data-color=\"{}\"]", color.name()));
    assert_eq!(own.is_empty(), color == TenantColor::default(), "{color:?}");
    let all = declarations(&css, ":root").into_iter().chain(own);
    all.map(|(name, value)| (name, shade(&value, place))).collect()
}

/// Returns the relative luminance of `#rrggbb`.
fn luminance(color: &str) -> f64 {
    let part = |place: usize| {
        let part = f64::from(u8::from_str_radix(&color[place..place + 2], 16).unwrap()) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.0722f64.mul_add(part(5), 0.2126f64.mul_add(part(1), 0.7152 * part(3)))
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    (one / other).max(other / one)
}

#[test]
fn every_color_of_a_tenant_has_enough_contrast() {
    for color in TenantColor::ALL {
        for place in [0, 1] {
            let shades = shades(color, place);
            let check = |front: &str, back: &str, least: f64| {
                let found = contrast(&shades[front], &shades[back]);
                assert!(found >= least, "{color:?}, --{front} on --{back}: {found:.2} in {place}");
            };
            for back in ["sheet", "ground", "sunk", "wash"] {
                check("accent", back, TEXT);
                check("ink", back, TEXT);
                check("quiet", back, TEXT);
            }
            check("on-accent", "accent", TEXT);
            check("on-bar", "bar", TEXT);
            check("bar-quiet", "bar", TEXT);
            check("bar-bright", "bar", SHAPE);
        }
    }
}

#[test]
fn the_icon_has_the_accent_of_the_light_pages() {
    for color in TenantColor::ALL {
        assert_eq!(color.of_icon(), shades(color, 0)["accent"]);
        assert!(contrast(color.of_icon(), "#ffffff") >= TEXT, "{color:?}");
    }
}
