//! A private Apache with the packaged vhost, in surroundings like those of httpd on CentOS.

use std::fs::{self, Permissions};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use poem::dev::end_with_parent;
use tempfile::TempDir;

use super::certificates::{self, certificates};
use super::disposable_database::open_directory;
use super::http::{self, Endpoint, HttpResponse};
use super::missing;
use super::server::free_address;

/// The packaged vhost.
pub const VHOST: &str = include_str!("../../../packaging/rpm/httpd/poem.conf");

const PROGRAMS: [&str; 3] = ["/usr/sbin/apache2", "/usr/sbin/httpd", "/opt/rh/httpd24/root/usr/sbin/httpd"];
const MODULES: [&str; 4] = [
    "/usr/lib/apache2/modules",
    "/usr/lib64/httpd/modules",
    "/usr/lib/httpd/modules",
    "/opt/rh/httpd24/root/usr/lib64/httpd/modules",
];
/// The modules, in addition to the MPM, that CentOS loads and that matter here: those that the vhost needs, and those that
/// could change what it does. Some distributions build some of them in.
const LOADED: [&str; 19] = [
    "unixd",
    "authz_core",
    "alias",
    "autoindex",
    "deflate",
    "dir",
    "filter",
    "headers",
    "lbmethod_byrequests",
    "log_config",
    "mime",
    "proxy",
    "proxy_balancer",
    "proxy_http",
    "reqtimeout",
    "rewrite",
    "slotmem_shm",
    "socache_shmcb",
    "ssl",
];
const TIMEOUT: Duration = Duration::from_secs(30);

/// The site of ssl.conf.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SslConf {
    /// With the certificate for localhost, as mod_ssl brings it.
    AsShipped,
    /// With its certificate lines commented out, as administrators of POEM 2.3 had to leave it.
    WithoutCertificate,
    /// The port alone.
    WithoutSite,
}

/// The machine around the vhost.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The MPM.
    pub mpm: &'static str,
    /// The site of ssl.conf.
    pub ssl_conf: SslConf,
    /// Has the certificate of a grid for this host.
    pub host_certificate: bool,
    /// Has the certificate for localhost.
    pub localhost_certificate: bool,
    /// Has the certificates of the authorities of the grid.
    pub grid_directory: bool,
    /// The directory VENV is a symbolic link.
    pub venv_is_link: bool,
    /// Changes of the vhost: texts that it must have, and what is there instead.
    pub edits: &'a [(&'a str, &'a str)],
    /// A file of conf.d that is read before the vhost. `HTTP` and `HTTPS` are the ports, and `ROOT` is the directory.
    pub first: &'a str,
    /// A file of conf.d that is read last, likewise.
    pub last: &'a str,
}

impl Surroundings<'_> {
    /// The machine of a grid site that has just installed the packages.
    pub const AS_SHIPPED: Surroundings<'static> = Surroundings {
        mpm: "prefork",
        ssl_conf: SslConf::AsShipped,
        host_certificate: true,
        localhost_certificate: true,
        grid_directory: true,
        venv_is_link: false,
        edits: &[],
        first: "",
        last: "",
    };
}

/// A running Apache. Ends when dropped.
pub struct Apache {
    process: Child,
    directory: TempDir,
    /// The site at port 80.
    pub http: SocketAddr,
    /// The site at port 443.
    pub https: Endpoint,
}

impl Apache {
    /// Starts an Apache in front of a server; `None` if Apache is not installed, which is reported.
    pub fn start(server: SocketAddr, surroundings: &Surroundings) -> Option<Self> {
        let existing = |paths: &[&str]| paths.iter().map(PathBuf::from).find(|path| path.exists());
        let modules = existing(&MODULES).filter(|modules| modules.join("mod_ssl.so").exists());
        let (Some(program), Some(modules)) = (existing(&PROGRAMS), modules) else {
            missing("POEM behind an Apache: there is no apache2 or httpd with mod_ssl here (./check installs it)");
            return None;
        };
        let directory = open_directory();
        let (http, https) = (free_address(), free_address());
        let machine = Machine { root: directory.path(), modules, http, https, server };
        machine.write(surroundings);
        let mut command = Command::new(program);
        command.arg("-d").arg(directory.path()).arg("-f").arg(directory.path().join("httpd.conf")).arg("-DFOREGROUND");
        // With the MPM prefork it signals its process group.
        command.process_group(0);
        // It stops its children too.
        end_with_parent(&mut command, Signal::SIGTERM);
        let process = command.stdin(Stdio::null()).spawn().unwrap();
        let https = Endpoint { tls: true, ..https.into() };
        let mut apache = Self { process, directory, http, https };
        apache.await_listening();
        Some(apache)
    }

    fn await_listening(&mut self) {
        let end = Instant::now() + TIMEOUT;
        while TcpStream::connect(self.http).is_err() {
            let has_ended = self.process.try_wait().unwrap().is_some();
            assert!(!has_ended && Instant::now() < end, "Apache does not listen: {}", self.log());
            sleep(Duration::from_millis(20));
        }
    }

    /// Reads the configuration again without an interruption, as logrotate has it do, and waits until that is done.
    #[track_caller]
    pub fn reload(&mut self) {
        let started = |log: String| log.matches("resuming normal operations").count();
        let before = started(self.log());
        kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGUSR1).unwrap();
        let end = Instant::now() + TIMEOUT;
        while started(self.log()) == before {
            let has_ended = self.process.try_wait().unwrap().is_some();
            assert!(!has_ended && Instant::now() < end, "Apache does not reload: {}", self.log());
            sleep(Duration::from_millis(20));
        }
    }

    /// Returns a path of the machine.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Returns the error log of httpd.conf.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("logs/error_log")).unwrap_or_default()
    }

    /// Sends a request over TLS.
    pub fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> HttpResponse {
        http::send(self.https, method, target, headers, body)
    }

    /// Sends a GET over TLS to the host `localhost`, with additional headers.
    pub fn get(&self, target: &str, headers: &[(&str, &str)]) -> HttpResponse {
        self.send("GET", target, &[&[("Host", "localhost")], headers].concat(), b"")
    }
}

impl Drop for Apache {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGTERM);
        let _ = self.process.wait();
    }
}

/// The files of a machine.
struct Machine<'a> {
    root: &'a Path,
    modules: PathBuf,
    http: SocketAddr,
    https: SocketAddr,
    server: SocketAddr,
}

impl Machine<'_> {
    fn write(&self, surroundings: &Surroundings) {
        for name in [
            "conf.d",
            "logs",
            "html/.well-known",
            "other",
            "etc/grid-security",
            "etc/pki/tls/certs",
            "etc/pki/tls/private",
        ] {
            self.make_directory(name);
        }
        self.write_certificates(surroundings);
        self.write_venv(surroundings.venv_is_link);
        self.write_file("html/index.html", "the page of the host\n");
        self.write_file("html/.well-known/token", "the token\n");
        self.write_file("other/index.html", "the other site\n");
        self.write_file("httpd.conf", self.httpd_conf(surroundings.mpm));
        self.write_file("conf.d/poem.conf", self.vhost(surroundings.edits));
        self.write_file("conf.d/ssl.conf", self.ssl_conf(surroundings.ssl_conf));
        self.write_file("conf.d/00_first.conf", self.filled(surroundings.first));
        self.write_file("conf.d/zz_last.conf", self.filled(surroundings.last));
    }

    /// Makes a directory, for all to read: if root starts Apache, its children run as another user.
    fn make_directory(&self, name: &str) {
        let mut path = self.root.to_owned();
        for part in Path::new(name) {
            path.push(part);
            if !path.exists() {
                fs::create_dir(&path).unwrap();
                fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
            }
        }
    }

    fn write_file(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.root.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    }

    fn write_certificates(&self, surroundings: &Surroundings) {
        let path = |name: &str| self.root.join("etc").join(name);
        if surroundings.host_certificate {
            let (certificate, key) = (path("grid-security/hostcert.pem"), path("grid-security/hostkey.pem"));
            certificates::write(&certificates().host, &certificate, &key);
        }
        if surroundings.localhost_certificate {
            let (certificate, key) = (path("pki/tls/certs/localhost.crt"), path("pki/tls/private/localhost.key"));
            certificates::write(&certificates().localhost, &certificate, &key);
        }
        if surroundings.grid_directory {
            self.make_directory("etc/grid-security/certificates");
            certificates::write_authority(&certificates().authority, &path("grid-security/certificates"));
        }
    }

    /// Writes what Apache serves below VENV.
    fn write_venv(&self, is_link: bool) {
        if is_link {
            self.make_directory("elsewhere");
            std::os::unix::fs::symlink(self.root.join("elsewhere"), self.root.join("venv")).unwrap();
        }
        self.make_directory("venv/usr/share/poem/media");
        self.write_file("venv/usr/share/poem/media/logo.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
        self.copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("static"), "venv/usr/share/poem/static");
    }

    fn copy(&self, from: &Path, to: &str) {
        self.make_directory(to);
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let to = format!("{to}/{}", path.file_name().unwrap().to_str().unwrap());
            match path.is_dir() {
                true => self.copy(&path, &to),
                false => self.write_file(&to, fs::read(&path).unwrap()),
            }
        }
    }

    /// Fills in the ports and the directory.
    fn filled(&self, text: &str) -> String {
        let (http, https) = (self.http.port().to_string(), self.https.port().to_string());
        text.replace("HTTPS", &https).replace("HTTP", &http).replace("ROOT", &self.root.display().to_string())
    }

    /// Returns what of CentOS's httpd.conf matters.
    fn httpd_conf(&self, mpm: &str) -> String {
        let mpm = format!("mpm_{mpm}");
        let modules: Vec<_> = [mpm.as_str()]
            .iter()
            .chain(&LOADED)
            .map(|name| (name, self.modules.join(format!("mod_{name}.so"))))
            .filter(|(_, file)| file.exists())
            .map(|(name, file)| format!("LoadModule {name}_module {}\n", file.display()))
            .collect();
        let settings = "ServerRoot ROOT\nServerName host.example.org\nListen 127.0.0.1:HTTP\n\
             PidFile ROOT/pid\nDefaultRuntimeDir ROOT\nUser nobody\nGroup #65534\n\
             ErrorLog logs/error_log\nLogFormat \"%h %v %r %>s\" combined\nCustomLog logs/access_log combined\n\
             TypesConfig ROOT/mime.types\nAddDefaultCharset UTF-8\nDirectoryIndex index.html\nDocumentRoot ROOT/html\n\
             <Directory />\n    AllowOverride none\n    Require all denied\n</Directory>\n\
             <Files \".ht*\">\n    Require all denied\n</Files>\n\
             <Directory ROOT/html>\n    Options Indexes FollowSymLinks\n    Require all granted\n</Directory>\n\
             <Directory ROOT/other>\n    Require all granted\n</Directory>\n\
             IncludeOptional conf.d/*.conf\n";
        self.write_file("mime.types", "text/css css\napplication/javascript js\nimage/svg+xml svg\ntext/html html\n");
        modules.concat() + &self.filled(settings)
    }

    /// Returns what of mod_ssl's ssl.conf matters.
    fn ssl_conf(&self, kind: SslConf) -> String {
        let hash = if kind == SslConf::WithoutCertificate { "#" } else { "" };
        let port = "Listen 127.0.0.1:HTTPS https\nSSLSessionCache shmcb:ROOT/sslcache(512000)\n";
        let site = format!(
            "<VirtualHost _default_:HTTPS>\n    ErrorLog logs/ssl_error_log\n    SSLEngine on\n\
             {hash}SSLCertificateFile ROOT/etc/pki/tls/certs/localhost.crt\n\
             {hash}SSLCertificateKeyFile ROOT/etc/pki/tls/private/localhost.key\n</VirtualHost>\n"
        );
        match kind {
            SslConf::WithoutSite => self.filled(port),
            _ => self.filled(&format!("{port}{site}")),
        }
    }

    /// Returns the packaged vhost with the changes, and with the paths and ports of this machine.
    fn vhost(&self, edits: &[(&str, &str)]) -> String {
        let root = self.root.display();
        let replaced = |text: String, (old, new): (&str, &str)| {
            assert!(text.contains(old), "the vhost has no {old:?}");
            text.replace(old, new)
        };
        let edited = edits.iter().copied().fold(VHOST.to_owned(), replaced);
        [
            ("/home/pyvenv/poem", format!("{root}/venv")),
            ("http://127.0.0.1:8008", format!("http://{}", self.server)),
            ("/etc/grid-security", format!("{root}/etc/grid-security")),
            ("/etc/pki/tls", format!("{root}/etc/pki/tls")),
            ("*:80>", format!("*:{}>", self.http.port())),
            ("*:443>", format!("*:{}>", self.https.port())),
        ]
        .iter()
        .fold(edited, |text, (old, new)| replaced(text, (old, new)))
    }
}
