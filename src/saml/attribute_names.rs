//! x
/// x
pub fn names_of(short: &str) -> Vec<String> {
    vec![short.to_owned()]
}
