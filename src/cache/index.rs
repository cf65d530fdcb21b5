//! What names something in a tenant: with it, a key is checked and an unknown name refused without asking the database.

use std::collections::HashSet;

use crate::domain::security::keys::same_hash;
use crate::store::{ReadTx, Result, api_keys, groups, metrics, profiles};

/// The names and keys of a tenant in one state.
#[derive(Default)]
pub struct Index {
    key_hashes: HashSet<Vec<u8>>,
    tags: Vec<String>,
    pub profiles: HashSet<String>,
    pub vos_of_profiles: HashSet<String>,
    pub groups_of_metrics: HashSet<String>,
}

impl Index {
    pub async fn read(tx: &mut ReadTx) -> Result<Self> {
        let rows = profiles::list(tx.conn(), None).await?;
        let (profiles, vos_of_profiles) = rows.into_iter().map(|row| (row.name, row.vo)).unzip();
        Ok(Self {
            key_hashes: api_keys::unrevoked_hashes(tx.conn()).await?.into_iter().collect(),
            tags: metrics::tags(tx.conn()).await?,
            profiles,
            vos_of_profiles,
            groups_of_metrics: groups::of_metrics(tx.conn()).await?.into_iter().collect(),
        })
    }

    /// Whether a key in force has this token hash. Found by its hash, which nobody can aim at without the secret key,
    /// and compared in constant time all the same.
    pub fn has_key(&self, token_hash: &[u8]) -> bool {
        self.key_hashes.get(token_hash).is_some_and(|stored| same_hash(stored, token_hash))
    }

    /// The tag of this name in any case, as it is written.
    pub fn tag(&self, name: &str) -> Option<&str> {
        let name = name.to_lowercase();
        self.tags.iter().find(|tag| tag.to_lowercase() == name).map(String::as_str)
    }
}
