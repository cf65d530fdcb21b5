<?php
// The identity provider itself.

require_once dirname(__DIR__) . '/settings.php';
$settings = poem_test_settings();

$metadata['__DYNAMIC:1__'] = [
    'host' => '__DEFAULT__',
    'auth' => 'people',
    'OrganizationName' => ['en' => 'University of Tests'],
    'OrganizationDisplayName' => ['en' => 'University of Tests'],
    'OrganizationURL' => ['en' => 'https://www.example.org/'],
    'NameIDFormat' => ['urn:oasis:names:tc:SAML:2.0:nameid-format:transient'],
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'saml20.sign.response' => $settings['sign_response'],
    'saml20.sign.assertion' => $settings['sign_assertion'],
    'sign.logout' => true,
    'validate.logout' => true,
    'redirect.sign' => true,
    'authproc' => [
        // This person logs in and then gives up: the answer is an error, as after a cancelled login.
        10 => ['class' => 'core:PHP', 'code' => <<<'CODE'
            if (in_array('yes', $attributes['gives-up'] ?? [], true)) {
                $responder = 'urn:oasis:names:tc:SAML:2.0:status:Responder';
                $failed = 'urn:oasis:names:tc:SAML:2.0:status:AuthnFailed';
                $error = new \SimpleSAML\Module\saml\Error($responder, $failed, 'The user has given up.');
                \SimpleSAML\Auth\State::throwException($state, $error);
            }
CODE
        ],
    ],
] + poem_test_keys($settings['keys']);

// The names of the key pairs, as SimpleSAMLphp calls them: the first one signs, the second one is only announced.
function poem_test_keys(array $names): array
{
    $keys = ['privatekey' => "$names[0].key", 'certificate' => "$names[0].crt"];
    if (isset($names[1])) {
        $keys += ['new_privatekey' => "$names[1].key", 'new_certificate' => "$names[1].crt"];
    }
    return $keys;
}
