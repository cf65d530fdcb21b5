//! Keys derived from the secret key: keyed hashes of API tokens, encryption of tokens that POEM presents itself, the MACs
//! of backups, and signatures of cookies.
//!
//! Tokens are random, so a keyed hash is enough; a slow hash for each request is not needed.

use std::iter;

use hmac::{Hmac, KeyInit, Mac};
use openssl::memcmp;
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};
use sha2::Sha256;

use super::secret::Secret;

/// The nonce and tag lengths of AES-GCM (NIST SP 800-38D).
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// The keys derived from the secret key (`SecretKeyPath`) and, during a key rotation, from the previous one.
///
/// Hashes and encrypted tokens of the previous key (`PreviousSecretKeyPath`) are still accepted, but no new ones are
/// made with it.
#[derive(Clone)]
pub struct Keys {
    current: Derived,
    previous: Option<Derived>,
}

/// The keys derived from one secret key, one for each purpose.
#[derive(Clone)]
struct Derived {
    /// The initialised HMAC of API tokens. It is cloned for each request: OpenSSL needs 20 µs to set up a new one.
    token: Hmac<Sha256>,
    /// The AES-256 key of sealed tokens.
    seal: [u8; 32],
    /// The initialised HMAC of cookies.
    cookie: Hmac<Sha256>,
    /// The initialised HMAC of backups.
    backup: Hmac<Sha256>,
}

/// The MAC of a backup that is being written or read.
#[derive(Clone)]
pub struct BackupMac(Hmac<Sha256>);

impl BackupMac {
    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        Mac::update(&mut self.0, bytes);
    }

    /// Returns the MAC of all bytes, in hex.
    pub fn hex(&self) -> String {
        hex(&digest(self.0.clone()))
    }

    /// Returns true if the MAC of all bytes is this one, in hex.
    pub fn is(&self, mac: &str) -> bool {
        same_hash(self.hex().as_bytes(), mac.as_bytes())
    }
}

impl Keys {
    /// Derives the keys from the secret key.
    pub fn derive(secret_key: &Secret) -> Self {
        Self { current: Derived::of(secret_key), previous: None }
    }

    /// Adds the keys of the previous secret key.
    pub fn with_previous(self, secret_key: &Secret) -> Self {
        Self { previous: Some(Derived::of(secret_key)), ..self }
    }

    /// Returns the stored form of an API token: its keyed hash (HMAC-SHA256), 32 bytes.
    pub fn token_hash(&self, token: &str) -> Vec<u8> {
        self.current.token_hash(token)
    }

    /// Returns every hash under which the token can be stored, the one of [`Keys::token_hash`] first.
    pub fn token_hashes(&self, token: &str) -> impl Iterator<Item = Vec<u8>> {
        self.all().map(move |keys| keys.token_hash(token))
    }

    /// Encrypts a token that POEM has to present later (AES-256-GCM). Returns nonce, tag and ciphertext in a row.
    pub fn seal(&self, token: &str) -> Vec<u8> {
        self.current.seal(token)
    }

    /// Decrypts a token of [`Keys::seal`]; `None` if it was sealed with another secret key or was modified.
    pub fn unseal(&self, sealed: &[u8]) -> Option<String> {
        self.all().find_map(|keys| keys.unseal(sealed))
    }

    /// Signs what a cookie says (HMAC-SHA256); `purpose` tells the kinds of cookies apart. Returns hex digits.
    pub fn sign(&self, purpose: &str, parts: &[&str]) -> String {
        hex(&self.current.signature(purpose, parts))
    }

    /// Returns whether the signature is that of [`Keys::sign`], with the current or the previous secret key.
    pub fn is_signature(&self, purpose: &str, parts: &[&str], signature: &str) -> bool {
        self.all().any(|keys| same_hash(hex(&keys.signature(purpose, parts)).as_bytes(), signature.as_bytes()))
    }

    /// Returns the ids of the secret keys, the current one first: eight hex digits that do not reveal the key.
    pub fn ids(&self) -> Vec<String> {
        self.all().map(|keys| hex(&keys.token_hash("key id")[..4])).collect()
    }

    /// Returns the MAC of a new backup, before its first byte.
    pub fn backup_mac(&self) -> BackupMac {
        BackupMac(self.current.backup.clone())
    }

    /// Returns the MACs that a backup can have, before its first byte.
    pub fn backup_macs(&self) -> Vec<BackupMac> {
        self.all().map(|keys| BackupMac(keys.backup.clone())).collect()
    }

    fn all(&self) -> impl Iterator<Item = &Derived> {
        iter::once(&self.current).chain(&self.previous)
    }
}

impl Derived {
    fn of(secret_key: &Secret) -> Self {
        let root = secret_key.expose().as_bytes();
        let derived = |purpose: &[u8]| digest(keyed(root).chain_update(purpose));
        Self {
            token: keyed(&derived(b"poem: API tokens")),
            seal: derived(b"poem: sealed tokens"),
            backup: keyed(&derived(b"poem: backups")),
            cookie: keyed(&derived(b"poem: cookies")),
        }
    }

    /// The signature of the parts. Each is preceded by its length, so that no two lists of parts look the same.
    fn signature(&self, purpose: &str, parts: &[&str]) -> [u8; 32] {
        let mut hmac = self.cookie.clone();
        for part in std::iter::once(&purpose).chain(parts) {
            hmac.update(&(part.len() as u64).to_be_bytes());
            hmac.update(part.as_bytes());
        }
        digest(hmac)
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

/// Compares two hashes in constant time, against timing attacks.
pub fn same_hash(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && memcmp::eq(a, b)
}

/// Returns `bytes` random bytes as lower-case hex digits, two a byte.
pub fn random_hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    openssl::rand::rand_bytes(&mut random).expect("the system has randomness");
    hex(&random)
}

/// Formats bytes as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the stored form of a session id: its SHA-256, 32 bytes. The id has 256 random bits, so that is enough.
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
    fn tokens_of_the_previous_key_are_still_accepted() {
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
    fn a_signature_is_of_its_purpose_its_parts_and_its_key() {
        let (old, new) = (Secret::new("old"), Secret::new("new"));
        let signed = Keys::derive(&old).sign("flash", &["a", "bc"]);
        let rotated = Keys::derive(&new).with_previous(&old);
        assert!(rotated.is_signature("flash", &["a", "bc"], &signed));
        assert!(!rotated.is_signature("flash", &["ab", "c"], &signed));
        assert!(!rotated.is_signature("flash", &["a", "bc", ""], &signed));
        assert!(!rotated.is_signature("browser", &["a", "bc"], &signed));
        assert!(!rotated.is_signature("flash", &["a", "bc"], ""));
        assert!(!Keys::derive(&new).is_signature("flash", &["a", "bc"], &signed));
    }

    #[test]
    fn a_token_hash_depends_on_the_key() {
        let one = Keys::derive(&Secret::new("one")).token_hash("t");
        assert!(same_hash(&one, &Keys::derive(&Secret::new("one")).token_hash("t")));
        assert!(!same_hash(&one, &Keys::derive(&Secret::new("two")).token_hash("t")));
    }
}
