<?php
// The service providers that the test has described in words, not by their metadata.

require_once dirname(__DIR__) . '/settings.php';

foreach (poem_test_settings()['service_providers'] as $sp) {
    $metadata[$sp['entity_id']] = array_filter([
        'AssertionConsumerService' => $sp['acs'],
        'SingleLogoutService' => $sp['logout'],
        'certData' => $sp['certificate'],
        // Requests are checked where there is a certificate to check them with.
        'validate.authnrequest' => $sp['validate_requests'],
    ], fn ($value) => $value !== null);
}
