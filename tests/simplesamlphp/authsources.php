<?php
// The people of the tests: who may log in, with which attributes.

require_once __DIR__ . '/settings.php';

$people = ['exampleauth:UserPass'];
foreach (poem_test_settings()['people'] as $username => $attributes) {
    $people["$username:" . poem_test_settings()['password']] = $attributes;
}
$config = ['people' => $people];
