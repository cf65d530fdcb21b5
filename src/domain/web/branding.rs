//! The looks of a tenant: the colour and the icon that tell its pages from those of others, and the foot.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, Serializer};

use super::footer::Footer;

/// The icon of tenants without a colour and letters.
const PLAIN_ICON: &str = "/static/poem.svg";
/// The directory of the icons of tenants.
pub const ICONS: &str = "/poem/icon";
/// The name of an icon ends with it.
const ICON_TYPE: &str = ".svg";
const ENCODED: &AsciiSet = NON_ALPHANUMERIC;

/// The colour of a tenant's pages. `static/poem.css` has its shades, which all have enough contrast in light and dark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum TenantColor {
    /// The colour of tenants that set none.
    #[default]
    Teal,
    /// A green without blue.
    Green,
    /// A dark yellow.
    Olive,
    /// A dark orange.
    Brown,
    /// A red towards purple, unlike that of errors.
    Pink,
    /// A blue towards purple.
    Violet,
    /// A pure blue.
    Blue,
    /// A grey towards blue.
    Slate,
}

impl TenantColor {
    /// All colours.
    pub const ALL: [Self; 8] =
        [Self::Teal, Self::Green, Self::Olive, Self::Brown, Self::Pink, Self::Violet, Self::Blue, Self::Slate];

    /// What a name of a colour is, for errors.
    pub const EXPECTED: &'static str = "one of teal, green, olive, brown, pink, violet, blue and slate";

    /// Returns the name in poem.conf and in the style sheet.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Teal => "teal",
            Self::Green => "green",
            Self::Olive => "olive",
            Self::Brown => "brown",
            Self::Pink => "pink",
            Self::Violet => "violet",
            Self::Blue => "blue",
            Self::Slate => "slate",
        }
    }

    /// Returns the ground of the icon: the accent of the light pages. What is on it is white.
    pub const fn of_icon(self) -> &'static str {
        match self {
            Self::Teal => "#0b665d",
            Self::Green => "#1f652f",
            Self::Olive => "#575a13",
            Self::Brown => "#7f4413",
            Self::Pink => "#931e5a",
            Self::Violet => "#65389f",
            Self::Blue => "#00569d",
            Self::Slate => "#495766",
        }
    }
}

impl FromStr for TenantColor {
    type Err = ();

    /// Parses a name in any case.
    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|color| color.name().eq_ignore_ascii_case(name)).ok_or(())
    }
}

impl Serialize for TenantColor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The letters of a tenant's icon: one or two letters or digits; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TenantLetters(String);

impl TenantLetters {
    /// What the letters are, for errors.
    pub const EXPECTED: &'static str = "one or two letters or digits";

    /// Returns the letters; empty if there are none.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantLetters {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_short = matches!(text.chars().count(), 1 | 2);
        (is_short && text.chars().all(char::is_alphanumeric)).then(|| Self(text.to_owned())).ok_or(())
    }
}

/// The icon of a tenant. Its address says everything, so that browsers fetch a changed one at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantIcon {
    /// The colour of the ground.
    pub color: TenantColor,
    /// What is on it; without letters the sign of POEM.
    pub letters: TenantLetters,
}

impl TenantIcon {
    /// Returns the address: `/poem/icon/blue-E.svg`.
    pub fn address(&self) -> String {
        let letters = self.letters.as_str();
        match (self.color, letters) {
            (TenantColor::Teal, "") => PLAIN_ICON.to_owned(),
            (color, "") => format!("{ICONS}/{}{ICON_TYPE}", color.name()),
            (color, letters) => {
                format!("{ICONS}/{}-{}{ICON_TYPE}", color.name(), utf8_percent_encode(letters, ENCODED))
            }
        }
    }

    /// Parses the decoded name at the end of an address.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.strip_suffix(ICON_TYPE)?;
        let (color, letters) = name.split_once('-').map_or((name, None), |(color, letters)| (color, Some(letters)));
        let letters = letters.map_or(Ok(TenantLetters::default()), str::parse).ok()?;
        Some(Self { color: color.parse().ok()?, letters })
    }
}

/// The image, as SVG.
impl fmt::Display for TenantIcon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ground = self.color.of_icon();
        let rect = format!("<rect width=\"32\" height=\"32\" rx=\"7\" fill=\"{ground}\"/>");
        write!(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\">{rect}")?;
        match self.letters.as_str() {
            "" => f.write_str(SIGN)?,
            // Letters and digits need no escaping.
            letters => {
                let size = if letters.chars().count() == 1 { 22 } else { 17 };
                write!(
                    f,
                    "<text x=\"16\" y=\"16\" dy=\".36em\" text-anchor=\"middle\" font-family=\"system-ui,sans-serif\" \
                     font-weight=\"700\" font-size=\"{size}\" fill=\"#fff\">{letters}</text>"
                )?;
            }
        }
        f.write_str("</svg>")
    }
}

/// The sign of POEM, as in its plain icon.
const SIGN: &str = "<path d=\"M4 18h6l3.2-9 5.2 14 3.4-9 1.6 4H28\" fill=\"none\" stroke=\"#fff\" stroke-width=\"2.8\" \
                    stroke-linecap=\"round\" stroke-linejoin=\"round\"/>";

/// The looks of a tenant's pages.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Branding {
    /// The colour.
    pub color: TenantColor,
    /// The address of the icon.
    pub icon: String,
    /// The foot.
    pub footer: Footer,
}

impl Branding {
    /// Returns the looks with this icon and foot.
    pub fn new(icon: &TenantIcon, footer: Footer) -> Self {
        Self { color: icon.color, icon: icon.address(), footer }
    }

    /// Returns the memory of its texts, in bytes.
    pub fn size(&self) -> usize {
        self.icon.len() + self.footer.size()
    }
}

impl Default for Branding {
    fn default() -> Self {
        Self::new(&TenantIcon::default(), Footer::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_names_every_colour() {
        assert!(TenantColor::ALL.iter().all(|color| TenantColor::EXPECTED.contains(color.name())));
        assert_eq!("Blue".parse(), Ok(TenantColor::Blue));
        assert_eq!("navy".parse::<TenantColor>(), Err(()));
    }

    #[test]
    fn letters_are_one_or_two() {
        for good in ["E", "eu", "Ž", "7"] {
            assert_eq!(good.parse::<TenantLetters>().unwrap().as_str(), good);
        }
        for bad in ["", "EGI", "<", "A ", "&x"] {
            assert_eq!(bad.parse::<TenantLetters>(), Err(()), "{bad}");
        }
    }

    #[test]
    fn the_address_of_an_icon_says_what_is_on_it() {
        assert_eq!(TenantIcon::default().address(), "/static/poem.svg");
        for (color, letters, address) in [
            (TenantColor::Blue, "", "/poem/icon/blue.svg"),
            (TenantColor::Teal, "E", "/poem/icon/teal-E.svg"),
            (TenantColor::Pink, "Ž", "/poem/icon/pink-%C5%BD.svg"),
        ] {
            let icon = TenantIcon { color, letters: letters.parse().unwrap_or_default() };
            assert_eq!(icon.address(), address);
            let name = format!("{}{}{letters}.svg", color.name(), if letters.is_empty() { "" } else { "-" });
            assert_eq!(TenantIcon::parse(&name), Some(icon));
        }
        for bad in ["", "blue", "navy.svg", "blue-.svg", "blue-EGI.svg", "blue-<.svg"] {
            assert_eq!(TenantIcon::parse(bad), None, "{bad}");
        }
    }
}
