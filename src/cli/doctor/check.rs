//! The checks of `poem doctor`. Each has a test that breaks what it checks (`tests/it/cli/doctor/`).

macro_rules! checks {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// One check. Every finding names the check that it comes from.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Check {
            $($(#[$doc])* $name,)*
        }

        impl Check {
            /// All checks.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

checks! {
    /// poem.conf can be read.
    Configuration,
    /// The user that commands of root switch to exists.
    ServiceUser,
    /// The keys and sections of poem.conf, and the variables of the environment, are known.
    UnknownKey,
    /// Only the service user can read the passwords in poem.conf, and nobody else can write it.
    ConfigurationMode,
    /// The token for the ARGO WEB-API is sent encrypted.
    WebApiEncryption,
    /// Each tenant has a token for the ARGO WEB-API, if that is configured.
    WebApiToken,
    /// The ARGO WEB-API can be read with it.
    WebApiCalls,
    /// The secret key can be read, and by the service user only.
    SecretKey,
    /// The previous secret key, likewise.
    PreviousSecretKey,
    /// `/etc/sysconfig/poem` has only lines that systemd and the shell read alike.
    Environment,
    /// The service user cannot change what root runs, and nor can all users.
    Owners,
    /// No virtualenv of POEM 2.3 is left.
    OldVirtualenv,
    /// No other files of POEM 2.3 are left.
    OldFiles,
    /// No new version of a configuration file waits to be compared.
    NewConfiguration,
    /// SELinux lets httpd connect to the port.
    SelinuxPort,
    /// SELinux lets httpd read the static files.
    SelinuxLabels,
    /// The private key of the host cannot be read by all users.
    HostKeyMode,
    /// The files of `[SECURITY]` exist.
    SecurityFiles,
    /// The certificates of CAFile and CAPath can be read, if a feed needs them.
    CaCertificates,
    /// The client certificate can be used and does not expire soon, if a feed needs it.
    ClientCertificate,
    /// The feeds have addresses, and the lists follow them.
    Feeds,
    /// Health and metrics are served to this machine only.
    ManagementAddress,
    /// The logging file can be read.
    Logging,
    /// The templates and the static files are installed.
    Directories,
    /// The connection to a database on another machine is encrypted and its certificate checked.
    SslMode,
    /// The database accepts connections, as the server makes them.
    Connection,
    /// No pooler mixes up sessions.
    Pooler,
    /// PostgreSQL is not too old.
    Version,
    /// The database is in UTF-8.
    Encoding,
    /// The database takes changes.
    Writable,
    /// Triggers run.
    Triggers,
    /// The role may create POEM's tables.
    Grants,
    /// All migrations are applied.
    Migrations,
    /// The role may read and write every table, and none is missing.
    Tables,
    /// The role owns the tables, which migrations need.
    Owner,
    /// The tenants can be listed, and there is one.
    Tenants,
    /// The sections of a tenant can be used.
    TenantSections,
    /// No password is the placeholder of the shipped file.
    Placeholder,
    /// `AllowedHosts` allows the host of each tenant.
    AllowedHosts,
    /// XML signatures are verified, if a tenant has a federated login.
    XmlSignatures,
    /// `[SAML]` and the metadata file of the identity provider can be used, if there is one.
    FederatedLogin,
    /// The certificates of the identity provider are valid.
    IdpCertificates,
    /// The metadata of the identity provider do not expire soon.
    IdpExpiry,
    /// There is a key to sign messages with, and its certificate is valid.
    SamlKey,
    /// The requests are signed if the identity provider wants it.
    SignedRequests,
    /// The address of the federated login leads to the tenant.
    SamlBaseUrl,
    /// No two tenants have the same entity id.
    SamlEntityId,
    /// The service has a name for the identity provider.
    SamlServiceName,
    /// The metadata name contacts.
    SamlContacts,
    /// No account of POEM 2.3 has to be linked to its federated identity.
    FederatedAccounts,
}
