//! Password hashes. New ones use argon2id; those of POEM 2.3 (pbkdf2_sha256) can be verified as well.
//!
//! The parameters of argon2id are the defaults of the library, which OWASP recommends (19 MiB, 2 passes).

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use openssl::base64::decode_block;
use openssl::hash::MessageDigest;
use openssl::pkcs5::pbkdf2_hmac;

use super::keys::same_hash;

/// The prefix of current hashes.
const CURRENT: &str = "$argon2id$";
/// The prefix of hashes of POEM 2.3; then rounds, salt and the hash in base64, separated by `$`.
const OLD: &str = "pbkdf2_sha256$";
/// The largest number of rounds. A hash with more is broken, and computing it would take too long.
const MAX_ROUNDS: usize = 10_000_000;
/// The stored value of an account without a password. No password matches it.
pub const UNUSABLE: &str = "!";
/// A dummy hash, of an unknown password. It is verified if an account has no hash, so that this takes as long.
pub const DUMMY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdCBvZiBub2JvZHk$9ZPlfS4nU0Zg2mAjdX0bMpdQ2+uKq3MzFXlvJ4sF1l4";

/// Hashes a password; returns the PHC string to store.
///
/// This takes about 20 ms and 19 MiB, so it must not run on a thread that serves requests.
pub fn hash(password: &str) -> String {
    let mut salt = [0; 16];
    openssl::rand::rand_bytes(&mut salt).expect("the system has randomness");
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    hash.expect("argon2 takes any password").to_string()
}

/// Returns true if the password matches the stored hash. As slow as [`hash`].
///
/// No password matches a hash that is '', begins with `!` (an account without a password) or has an unknown format.
pub fn verify(stored: &str, password: &str) -> bool {
    if stored.starts_with(CURRENT) {
        let parsed = PasswordHash::new(stored);
        return parsed.is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
    }
    stored.strip_prefix(OLD).and_then(|old| verify_old(old, password)).unwrap_or(false)
}

/// Returns true if the stored hash has a known format, so that a password can match it.
pub fn is_usable(stored: &str) -> bool {
    stored.starts_with(CURRENT) || stored.starts_with(OLD)
}

/// Returns true if the password should be hashed again at the next login.
pub fn needs_renewal(stored: &str) -> bool {
    !stored.starts_with(CURRENT)
}

/// Verifies a hash of POEM 2.3, without its prefix; `None` if it is malformed.
fn verify_old(old: &str, password: &str) -> Option<bool> {
    let mut parts = old.split('$');
    let (rounds, salt, hash) = (parts.next()?.parse().ok()?, parts.next()?, decode_block(parts.next()?).ok()?);
    if parts.next().is_some() || !(1..=MAX_ROUNDS).contains(&rounds) {
        return None;
    }
    let mut computed = [0; 32];
    let digest = MessageDigest::sha256();
    pbkdf2_hmac(password.as_bytes(), salt.as_bytes(), rounds, digest, &mut computed).ok()?;
    Some(same_hash(&computed, &hash))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// pbkdf2_sha256 of `alice-secret-1`.
    const ALICE: &str = "pbkdf2_sha256$100000$OP9xXrmxJmV0$bh+xwJaeeAP+tW5C3mD/m379vvmDRIZi3mm+0q21/gQ=";

    /// argon2id of `poem-secret-1`, made by another implementation with the parameters of POEM.
    const STORED: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$rYL3gpB+doFjr4aswEexgw$MDVzcEVqdZW56WzQzqCd3QERv3aGC10RSi+eWL/ZGnk";

    /// An upgrade of the library must not lock anybody out.
    #[test]
    fn a_hash_stored_by_another_version_matches_its_password() {
        assert!(verify(STORED, "poem-secret-1"));
        assert!(!verify(STORED, "poem-secret-2"));
        assert!(!needs_renewal(STORED));
    }

    #[test]
    fn a_hash_matches_its_password_only() {
        let stored = hash("poem-secret-1");
        assert!(stored.starts_with("$argon2id$"));
        assert!(verify(&stored, "poem-secret-1"));
        assert!(!verify(&stored, "poem-secret-2"));
        assert!(!needs_renewal(&stored) && is_usable(&stored));
    }

    #[test]
    fn a_hash_of_2_3_matches_its_password_and_needs_renewal() {
        assert!(verify(ALICE, "alice-secret-1"));
        assert!(!verify(ALICE, "alice-secret-2"));
        assert!(needs_renewal(ALICE) && is_usable(ALICE));
    }

    #[test]
    fn no_password_matches_an_invalid_hash() {
        let broken = [
            "",
            "!",
            "!abc",
            "plain",
            "$argon2id$",
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA",
            "pbkdf2_sha256$",
            "pbkdf2_sha256$0$salt$",
            "pbkdf2_sha256$1$salt$",
            "pbkdf2_sha256$4294967295$salt$bh+xwJaeeAP+tW5C3mD/m379vvmDRIZi3mm+0q21/gQ=",
            "pbkdf2_sha256$x$salt$bh+xwJaeeAP+tW5C3mD/m379vvmDRIZi3mm+0q21/gQ=",
            "pbkdf2_sha256$1$salt$???",
            "pbkdf2_sha1$1$salt$aaaa",
            "md5$salt$aaaa",
        ];
        for stored in broken {
            for password in ["", "plain", "!", stored] {
                assert!(!verify(stored, password), "{stored}");
            }
        }
        assert!(!is_usable("") && !is_usable("!abc"));
    }

    #[test]
    fn the_dummy_hash_takes_as_long_as_a_real_one() {
        let parsed = PasswordHash::new(DUMMY_HASH).unwrap();
        let ours = hash("x");
        let ours = PasswordHash::new(&ours).unwrap();
        assert_eq!((parsed.params.to_string(), parsed.version), (ours.params.to_string(), ours.version));
        assert_eq!(parsed.hash.map(|hash| hash.len()), ours.hash.map(|hash| hash.len()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_password_matches_arbitrary_text(stored in "(pbkdf2_sha256\\$[0-9]{0,2}\\$)?\\PC{0,40}") {
            prop_assert!(!verify(&stored, "some password"));
        }
    }
}
