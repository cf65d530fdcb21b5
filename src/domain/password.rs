//! Password hashes. argon2id with the library's defaults, which are those OWASP recommends (19 MiB, 2 passes).

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, SaltString};

/// The PHC string that is stored for a password. Takes some 20 ms and 19 MiB: not on a thread that serves requests.
pub fn hash(password: &str) -> String {
    let mut salt = [0; 16];
    openssl::rand::rand_bytes(&mut salt).expect("the system has randomness");
    let salt = SaltString::encode_b64(&salt).expect("16 bytes are a salt");
    Argon2::default().hash_password(password.as_bytes(), &salt).expect("argon2 takes any password").to_string()
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHash, PasswordVerifier};

    use super::*;

    #[test]
    fn a_hash_fits_its_password_only() {
        let stored = hash("poem-secret-1");
        let parsed = PasswordHash::new(&stored).unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(Argon2::default().verify_password(b"poem-secret-1", &parsed).is_ok());
        assert!(Argon2::default().verify_password(b"poem-secret-2", &parsed).is_err());
    }
}
