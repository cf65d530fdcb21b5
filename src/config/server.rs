//! `[SERVER]`: settings of the server. The section is new in POEM 3; without it, the defaults apply.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;

use super::error::{ConfigError, ConfigProblem};
use super::settings::{ConfigSection, MergedSettings};
use crate::domain::security::session::SessionLimits;

/// Apache may connect to this port under SELinux (`http_port_t`).
const DEFAULT_PORT: u16 = 8008;
const DEFAULT_RESPONSE_CACHE_MIB: usize = 64;
const MIB: usize = 1024 * 1024;

/// The service user if the configuration names none.
pub const SERVICE_USER: &str = "apache";

/// The values of `[SERVER]`, or their defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// The address to listen on. Loopback by default: only the web server in front is public.
    pub address: IpAddr,
    /// The port to listen on; 8008 by default, 0 lets the system choose.
    pub port: u16,
    /// The address of the management server (health and metrics); `None` by default: there is none.
    pub management: Option<SocketAddr>,
    /// The proxies that may report the client's address and scheme. Loopback by default; may be empty.
    pub trusted_proxies: Vec<IpAddr>,
    /// The maximum age of data that are served while the database is unreachable. 0 by default: none are served.
    pub stale_if_error: Duration,
    /// The time limits of logins: by default 12 hours without a request, and 7 days in all.
    pub sessions: SessionLimits,
    /// The memory limit of the response cache, in bytes; 64 MiB by default.
    pub response_cache_size: usize,
    /// The user that commands started by root switch to; `None`: `apache`, if that user exists.
    pub user: Option<String>,
    /// The directory of stylesheets, scripts and images; `None`: that of the package.
    pub static_path: Option<PathBuf>,
    /// The directory of the templates; `None`: that of the package.
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
    /// Reads the section; the defaults if there is none.
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

/// Parses IP addresses; `None` if one is invalid.
fn addresses(items: &[String]) -> Option<Vec<IpAddr>> {
    items.iter().map(|item| item.parse().ok()).collect()
}
