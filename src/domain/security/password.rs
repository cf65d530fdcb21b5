//! Password hashes: made with argon2id, read also as POEM 2.3 kept them (pbkdf2_sha256).
//!
//! argon2id with the library's defaults, which are those OWASP recommends (19 MiB, 2 passes).

use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Argon2, PasswordHash, PasswordVerifier};
use openssl::base64::decode_block;
use openssl::hash::MessageDigest;
use openssl::pkcs5::pbkdf2_hmac;

use super::keys::same_hash;

/// How a hash of ours begins.
const CURRENT: &str = "$argon2id$";
/// How a hash of POEM 2.3 begins; then rounds, salt and the hash in base64, separated by `$`.
const OLD: &str = "pbkdf2_sha256$";
/// More rounds than anybody asks for: a hash that wants more is broken, and would keep us busy for long.
const MOST_ROUNDS: usize = 10_000_000;
/// What is stored of who has no password: nothing fits it.
pub const UNUSABLE: &str = "!";
/// The hash of a password that nobody knows: what is compared where there is no hash, so that it takes as long.
pub const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdCBvZiBub2JvZHk$9ZPlfS4nU0Zg2mAjdX0bMpdQ2+uKq3MzFXlvJ4sF1l4";

/// The PHC string that is stored for a password. Takes some 20 ms and 19 MiB: not on a thread that serves requests.
pub fn hash(password: &str) -> String {
    let mut salt = [0; 16];
    openssl::rand::rand_bytes(&mut salt).expect("the system has randomness");
    let salt = SaltString::encode_b64(&salt).expect("16 bytes are a salt");
    Argon2::default().hash_password(password.as_bytes(), &salt).expect("argon2 takes any password").to_string()
}

/// Whether the password is the one whose hash is stored. Never where the hash is '', begins with `!` (accounts without
/// a password) or is none that POEM knows. As slow as [`hash`].
pub fn verify(stored: &str, password: &str) -> bool {
    if stored.starts_with(CURRENT) {
        let parsed = PasswordHash::new(stored);
        return parsed.is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
    }
    stored.strip_prefix(OLD).and_then(|old| verify_old(old, password)).unwrap_or(false)
}

/// Whether any password can fit.
pub fn is_usable(stored: &str) -> bool {
    stored.starts_with(CURRENT) || stored.starts_with(OLD)
}

/// Whether the password should be hashed anew at the next occasion.
pub fn needs_renewal(stored: &str) -> bool {
    !stored.starts_with(CURRENT)
}

/// `None` where the hash is malformed.
fn verify_old(old: &str, password: &str) -> Option<bool> {
    let mut parts = old.split('$');
    let (rounds, salt, hash) = (parts.next()?.parse().ok()?, parts.next()?, decode_block(parts.next()?).ok()?);
    if parts.next().is_some() || !(1..=MOST_ROUNDS).contains(&rounds) {
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

    #[test]
    fn a_hash_fits_its_password_only() {
        let stored = hash("poem-secret-1");
        assert!(stored.starts_with("$argon2id$"));
        assert!(verify(&stored, "poem-secret-1"));
        assert!(!verify(&stored, "poem-secret-2"));
        assert!(!needs_renewal(&stored) && is_usable(&stored));
    }

    #[test]
    fn a_hash_of_2_3_fits_its_password_and_wants_renewal() {
        assert!(verify(ALICE, "alice-secret-1"));
        assert!(!verify(ALICE, "alice-secret-2"));
        assert!(needs_renewal(ALICE) && is_usable(ALICE));
    }

    #[test]
    fn no_password_fits_what_is_no_hash() {
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
    fn the_hash_of_nobody_is_compared_in_full() {
        let parsed = PasswordHash::new(NOBODYS).unwrap();
        let ours = hash("x");
        let ours = PasswordHash::new(&ours).unwrap();
        assert_eq!((parsed.params.to_string(), parsed.version), (ours.params.to_string(), ours.version));
        assert_eq!(parsed.hash.map(|hash| hash.len()), ours.hash.map(|hash| hash.len()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_stored_text_is_taken(stored in "(pbkdf2_sha256\\$[0-9]{0,2}\\$)?\\PC{0,40}") {
            prop_assert!(!verify(&stored, "password of nobody"));
        }
    }
}
