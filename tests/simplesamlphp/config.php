<?php
// SimpleSAMLphp as the identity provider of the tests. See README.md.

require_once __DIR__ . '/settings.php';
$directory = getenv('POEM_TEST_IDP');

$config = [
    'baseurlpath' => poem_test_settings()['base'],
    'certdir' => "$directory/",
    'loggingdir' => "$directory/log/",
    'datadir' => "$directory/data/",
    'tempdir' => "$directory/tmp",
    'metadatadir' => __DIR__ . '/metadata/',
    'attributenamemapdir' => getenv('POEM_SIMPLESAMLPHP') . '/etc/simplesamlphp/attributemap/',
    'metadata.sources' => poem_test_sources(),

    'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],

    'session.duration' => poem_test_settings()['session_seconds'],
    'store.type' => 'phpsession',
    'session.phpsession.savepath' => "$directory/sessions",
    'session.phpsession.cookiename' => 'SimpleSAML',
    'session.cookie.name' => 'SimpleSAMLSessionID',
    'session.authtoken.cookiename' => 'SimpleSAMLAuthToken',
    // Over plain HTTP, and therefore not SameSite=None. In a browser, the redirects to here are top-level requests,
    // which carry Lax cookies.
    'session.cookie.secure' => false,
    'session.cookie.samesite' => 'Lax',
    'language.cookie.secure' => false,
    'language.cookie.samesite' => 'Lax',

    'secretsalt' => 'only for tests',
    'auth.adminpassword' => bin2hex(random_bytes(16)),
    'admin.checkforupdates' => false,
    'technicalcontact_name' => 'Tests',
    'technicalcontact_email' => 'tests@example.org',
    'timezone' => 'UTC',
    // Where a logout may return to.
    'trusted.url.domains' => ['(127\.0\.0\.1|(.*\.)?localhost)(:[0-9]+)?'],
    'trusted.url.regex' => true,
    'assertion.allowed_clock_skew' => 180,

    'logging.level' => SimpleSAML\Logger::INFO,
    'logging.handler' => 'file',
    'logging.logfile' => 'simplesamlphp.log',
    'statistics.out' => [],
    'showerrors' => true,
    // PHP is newer than this SimpleSAMLphp.
    'errorreporting' => false,
    'theme.use' => 'default',
    'production' => true,

    'authproc.idp' => [
        // The names of attributes become OIDs; voPersonID has its OID already, because the map does not know it.
        50 => ['class' => 'core:AttributeMap', 'name2oid'],
    ],
];
