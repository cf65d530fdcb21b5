//! `[SERVER]`: how POEM serves. POEM 2.3 did not know this section; without it, the defaults hold.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;

use super::error::{ConfigError, ConfigProblem};
use super::settings::{ConfigSection, MergedSettings};
use crate::domain::security::session::SessionLimits;

const DEFAULT_PORT: u16 = 8000;
const DEFAULT_RESPONSE_CACHE_MIB: usize = 64;
const MIB: usize = 1024 * 1024;

/// The service user where the configuration names none.
pub const SERVICE_USER: &str = "apache";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// Where to listen. Loopback by default: the web server in front speaks to the world.
    pub address: IpAddr,
    /// 0 lets the system choose.
    pub port: u16,
    /// Where whoever watches POEM asks how it is: health and metrics. `None`: nowhere.
    pub management: Option<SocketAddr>,
    /// Whose word on the client's address and scheme counts. Loopback by default; empty: nobody's.
    pub trusted_proxies: Vec<IpAddr>,
    /// How old data may be that are still served when the database is away. 0: none are served.
    pub stale_if_error: Duration,
    /// How long a login lasts: 12 hours without any request, 7 days at most.
    pub sessions: SessionLimits,
    /// How much memory the answers that are kept ready may take, in bytes.
    pub response_cache_size: usize,
    /// The user that commands run as root step down to; `None`: `apache`, where that user exists.
    pub user: Option<String>,
    /// Where css, scripts and images are; `None`: where the package puts them.
    pub static_path: Option<PathBuf>,
    /// Where the templates are; `None`: where the package puts them.
    pub templates_path: Option<PathBuf>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            address: Ipv4Addr::LOCALHOST.into(),
            port: DEFAULT_PORT,
            management: None,
            trusted_proxies: vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            stale_if_error: Duration::ZERO,
            sessions: SessionLimits::default(),
            response_cache_size: DEFAULT_RESPONSE_CACHE_MIB * MIB,
            user: None,
            static_path: None,
            templates_path: None,
        }
    }
}

impl ServerConfig {
    pub(super) fn read(settings: &MergedSettings) -> Result<Self, ConfigError> {
        let default = Self::default();
        let Some(section) = settings.optional("SERVER") else { return Ok(default) };
        let trusted_proxies = match section.list("TrustedProxies")? {
            Some(items) => addresses(&items)
                .ok_or_else(|| section.error("TrustedProxies", ConfigProblem::Not("a list of IP addresses")))?,
            None => default.trusted_proxies,
        };
        let management_address = section.parsed("ManagementAddress", "an IP address")?;
        let management_port = section.port("ManagementPort")?.filter(|port| *port != 0);
        Ok(Self {
            address: section.parsed("Address", "an IP address")?.unwrap_or(default.address),
            port: section.port("Port")?.unwrap_or(default.port),
            management: management_port
                .map(|port| SocketAddr::new(management_address.unwrap_or(Ipv4Addr::LOCALHOST.into()), port)),
            trusted_proxies,
            stale_if_error: section
                .parsed("StaleIfError", "a number of seconds")?
                .map_or(default.stale_if_error, |seconds: u32| Duration::from_secs(seconds.into())),
            sessions: sessions(&section)?,
            response_cache_size: section
                .parsed("ResponseCacheSize", "a number of MiB")?
                .map_or(default.response_cache_size, |mib: u16| usize::from(mib) * MIB),
            user: section.text("User")?.filter(|user| !user.is_empty()),
            static_path: section.path("StaticPath")?,
            templates_path: section.path("TemplatesPath")?,
        })
    }
}

fn sessions(section: &ConfigSection<'_>) -> Result<SessionLimits, ConfigError> {
    let default = SessionLimits::default();
    let minutes = |key, default| -> Result<TimeDelta, ConfigError> {
        let minutes = section.parsed::<NonZeroU32>(key, "a number of minutes above 0")?;
        Ok(minutes.map_or(default, |minutes| TimeDelta::minutes(minutes.get().into())))
    };
    Ok(SessionLimits {
        idle: minutes("SessionIdleMinutes", default.idle)?,
        absolute: minutes("SessionMinutes", default.absolute)?,
    })
}

fn addresses(items: &[String]) -> Option<Vec<IpAddr>> {
    items.iter().map(|item| item.parse().ok()).collect()
}
