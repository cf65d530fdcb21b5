//! The keys derived from the secret key, and what is done with them. Tokens are random, so a keyed hash is enough:
//! no slow hash per request.

use std::iter;

use hmac::{Hmac, KeyInit, Mac};
use openssl::memcmp;
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};
use sha2::Sha256;

use super::secret::Secret;

const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// Made from the secret key (`SecretKeyPath`), and from the one before it while it is being replaced
/// (`PreviousSecretKeyPath`): what was made with that still holds, and nothing new is made with it.
#[derive(Clone)]
pub struct Keys {
    current: Derived,
    previous: Option<Derived>,
}

/// Made from one secret key, one for each use.
#[derive(Clone)]
struct Derived {
    /// Ready to take a token: every request needs one, and OpenSSL takes 20 µs to set it up anew.
    token: Hmac<Sha256>,
    seal: [u8; 32],
}

impl Keys {
    pub fn derive(secret_key: &Secret) -> Self {
        Self { current: Derived::of(secret_key), previous: None }
    }

    /// The same keys, which also know what was made with the secret key before this one.
    pub fn with_previous(self, secret_key: &Secret) -> Self {
        Self { previous: Some(Derived::of(secret_key)), ..self }
    }

    /// What is stored of an API token: its keyed hash, 32 bytes.
    pub fn token_hash(&self, token: &str) -> Vec<u8> {
        self.current.token_hash(token)
    }

    /// Every hash under which the token may be stored: that of [`Keys::token_hash`] first.
    pub fn token_hashes(&self, token: &str) -> impl Iterator<Item = Vec<u8>> {
        self.all().map(move |keys| keys.token_hash(token))
    }

    /// Encrypts a token that POEM itself must present later (AES-256-GCM: nonce, tag, text).
    pub fn seal(&self, token: &str) -> Vec<u8> {
        self.current.seal(token)
    }

    /// The token of [`Keys::seal`]; `None` where another secret key sealed it or somebody changed it.
    pub fn unseal(&self, sealed: &[u8]) -> Option<String> {
        self.all().find_map(|keys| keys.unseal(sealed))
    }

    /// Tells secret keys apart without telling them, the current one first: eight hex digits each.
    pub fn ids(&self) -> Vec<String> {
        self.all().map(|keys| hex(&keys.token_hash("key id")[..4])).collect()
    }

    fn all(&self) -> impl Iterator<Item = &Derived> {
        iter::once(&self.current).chain(&self.previous)
    }
}

impl Derived {
    fn of(secret_key: &Secret) -> Self {
        let root = secret_key.expose().as_bytes();
        let derived = |purpose: &[u8]| digest(keyed(root).chain_update(purpose));
        Self { token: keyed(&derived(b"poem: API tokens")), seal: derived(b"poem: sealed tokens") }
    }

    fn token_hash(&self, token: &str) -> Vec<u8> {
        digest(self.token.clone().chain_update(token)).to_vec()
    }

    fn seal(&self, token: &str) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        openssl::rand::rand_bytes(&mut nonce).expect("the system has randomness");
        let mut tag = [0; TAG_BYTES];
        let text =
            encrypt_aead(Cipher::aes_256_gcm(), &self.seal, Some(&nonce), b"api_key", token.as_bytes(), &mut tag)
                .expect("AES-256-GCM takes any text");
        [&nonce[..], &tag[..], &text[..]].concat()
    }

    fn unseal(&self, sealed: &[u8]) -> Option<String> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_BYTES)?;
        let (tag, text) = rest.split_at_checked(TAG_BYTES)?;
        let token = decrypt_aead(Cipher::aes_256_gcm(), &self.seal, Some(nonce), b"api_key", text, tag).ok()?;
        String::from_utf8(token).ok()
    }
}

/// Whether two hashes are equal, in a time that does not tell where they differ.
pub fn same_hash(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && memcmp::eq(a, b)
}

/// `bytes` random bytes as hex digits.
pub fn random_hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    openssl::rand::rand_bytes(&mut random).expect("the system has randomness");
    hex(&random)
}

/// As lower-case hex digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is stored of a session id: the id is 256 random bits, so a plain hash is enough.
pub fn session_hash(id: &str) -> Vec<u8> {
    openssl::sha::sha256(id.as_bytes()).to_vec()
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes any key")
}

fn digest(hmac: Hmac<Sha256>) -> [u8; 32] {
    hmac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_token_opens_with_its_own_key_only() {
        let keys = Keys::derive(&Secret::new("one"));
        let mut sealed = keys.seal("0123456789abcdef");
        assert_eq!(keys.unseal(&sealed).as_deref(), Some("0123456789abcdef"));
        assert_eq!(Keys::derive(&Secret::new("two")).unseal(&sealed), None);
        sealed[30] ^= 1;
        assert_eq!(keys.unseal(&sealed), None);
        assert_eq!(keys.unseal(b"short"), None);
    }

    #[test]
    fn what_was_made_with_the_previous_key_still_holds() {
        let (old, new) = (Secret::new("old"), Secret::new("new"));
        let keys = Keys::derive(&new).with_previous(&old);
        assert_eq!(keys.unseal(&Keys::derive(&old).seal("t")).as_deref(), Some("t"));
        assert_eq!(Keys::derive(&new).unseal(&keys.seal("t")).as_deref(), Some("t"));
        let hashes: Vec<_> = keys.token_hashes("t").collect();
        assert_eq!(hashes, [Keys::derive(&new).token_hash("t"), Keys::derive(&old).token_hash("t")]);
        assert_eq!(keys.token_hash("t"), hashes[0]);
        assert_eq!(Keys::derive(&new).token_hashes("t").count(), 1);
    }

    #[test]
    fn a_token_hash_depends_on_the_key() {
        let one = Keys::derive(&Secret::new("one")).token_hash("t");
        assert!(same_hash(&one, &Keys::derive(&Secret::new("one")).token_hash("t")));
        assert!(!same_hash(&one, &Keys::derive(&Secret::new("two")).token_hash("t")));
    }
}
