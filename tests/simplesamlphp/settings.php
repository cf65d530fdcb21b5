<?php
// The settings of one identity provider: the file that the test has written. It is read for every request, so a test can
// change it while the provider runs.

function poem_test_settings(): array
{
    static $settings = null;
    $settings ??= json_decode(file_get_contents(getenv('POEM_TEST_IDP') . '/settings.json'), true, 16, JSON_THROW_ON_ERROR);
    return $settings;
}

// The sources of metadata: the files here, and the metadata of service providers that the test has handed over.
function poem_test_sources(): array
{
    $sources = [['type' => 'flatfile', 'directory' => __DIR__ . '/metadata/']];
    foreach (poem_test_settings()['metadata'] as $file) {
        $sources[] = ['type' => 'xml', 'file' => $file];
    }
    return $sources;
}
