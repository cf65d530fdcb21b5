//! The index of a tenant: with it, API keys are checked and unknown names refused without a query.

use std::collections::HashSet;

use crate::domain::security::keys::same_hash;
use crate::store::{ReadTx, Result, api_keys, groups, metrics, profiles};

/// The names and API keys of a tenant in one state of its data.
#[derive(Default)]
pub struct Index {
    key_hashes: HashSet<Vec<u8>>,
    tags: Vec<String>,
    /// The names of all profiles.
    pub profiles: HashSet<String>,
    /// The VOs that own at least one profile.
    pub vos_of_profiles: HashSet<String>,
    /// The names of the groups of metrics.
    pub groups_of_metrics: HashSet<String>,
}

impl Index {
    /// Reads the index within a transaction.
    ///
    /// # Errors
    /// Those of the database.
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

    /// Returns whether an unrevoked key has this token hash.
    ///
    /// The lookup by hash is not in constant time. That is safe, because without the secret key no client can choose
    /// the hash of its token. The comparison is in constant time nevertheless.
    pub fn has_key(&self, token_hash: &[u8]) -> bool {
        self.key_hashes.get(token_hash).is_some_and(|stored| same_hash(stored, token_hash))
    }

    /// The tag with this name, compared case-insensitively, as it is spelled in the database; `None` if there is none.
    pub fn tag(&self, name: &str) -> Option<&str> {
        let name = name.to_lowercase();
        self.tags.iter().find(|tag| tag.to_lowercase() == name).map(String::as_str)
    }
}
