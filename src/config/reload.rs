//! The configuration of a running server: a changed file is read again, so a new tenant needs no restart.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::{Config, ConfigError};

/// The shortest time between two checks of the file.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// A configuration that is reloaded when its file changes.
pub struct LiveConfig {
    path: PathBuf,
    state: Mutex<State>,
}

struct State {
    config: Arc<Config>,
    modified: Option<SystemTime>,
    checked: Instant,
}

impl LiveConfig {
    /// Reads the file for the first time.
    ///
    /// # Errors
    /// Those of [`Config::load`].
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let modified = modified(path);
        let config = Arc::new(Config::load(path)?);
        let state = Mutex::new(State { config, modified, checked: Instant::now() });
        Ok(Self { path: path.to_owned(), state })
    }

    /// The current configuration. If the changed file cannot be read, the old one, with a warning in the log.
    pub fn current(&self) -> Arc<Config> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.checked.elapsed() >= CHECK_INTERVAL {
            state.checked = Instant::now();
            self.renew(&mut state);
        }
        state.config.clone()
    }

    /// Reads the file again if its time of change differs.
    fn renew(&self, state: &mut State) {
        let now = modified(&self.path);
        if now == state.modified {
            return;
        }
        state.modified = now;
        match Config::load(&self.path) {
            Ok(config) => {
                for problem in config.branding_problems() {
                    log::warn!("{problem}");
                }
                state.config = Arc::new(config);
            }
            Err(error) => {
                log::warn!("the configuration changed but cannot be read, keeping the previous one: {error}")
            }
        }
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|file| file.modified()).ok()
}
