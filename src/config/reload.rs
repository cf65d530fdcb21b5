//! The configuration of a server that runs: the file is read again when it changed, so a new tenant needs no restart.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::{Config, ConfigError};

/// How often the file's date is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A configuration with the file it came from.
pub struct LiveConfig {
    path: PathBuf,
    state: Mutex<State>,
}

struct State {
    config: Arc<Config>,
    modified: Option<SystemTime>,
    looked: Instant,
}

impl LiveConfig {
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let modified = modified(path);
        let config = Arc::new(Config::load(path)?);
        let state = Mutex::new(State { config, modified, looked: Instant::now() });
        Ok(Self { path: path.to_owned(), state })
    }

    /// What the file says now. What it said before, with a warning in the log, where it can no longer be read.
    pub fn current(&self) -> Arc<Config> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.looked.elapsed() >= LOOK_EVERY {
            state.looked = Instant::now();
            self.renew(&mut state);
        }
        state.config.clone()
    }

    fn renew(&self, state: &mut State) {
        let now = modified(&self.path);
        if now == state.modified {
            return;
        }
        state.modified = now;
        match Config::load(&self.path) {
            Ok(config) => state.config = Arc::new(config),
            Err(error) => {
                log::warn!("the configuration changed but cannot be read, going on with the old one: {error}")
            }
        }
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|file| file.modified()).ok()
}
