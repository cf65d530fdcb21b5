//! Light and dark pages, as a user has chosen.

use std::str::FromStr;

/// The colours of the pages in one browser.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system of the user has it.
    #[default]
    System,
    /// Dark text on a light ground.
    Light,
    /// Light text on a dark ground.
    Dark,
}

/// The name of the cookie that keeps the choice.
pub const COOKIE: &str = "theme";

impl Theme {
    /// Returns the name in the cookie, in the form and in the style sheet.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl FromStr for Theme {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        [Self::System, Self::Light, Self::Dark].into_iter().find(|theme| theme.name() == name).ok_or(())
    }
}
