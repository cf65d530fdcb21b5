BEGIN ISOLATION LEVEL READ COMMITTED;
-- Alone at first: a statement timeout or isolation level that the session inherits must not affect the rest.
SET statement_timeout = 0;
SET default_transaction_isolation = 'read committed';
COMMIT;
SELECT pg_catalog.set_config(setting.name, wanted.value, false)
FROM (VALUES
    ('array_nulls', 'on'),
    ('backslash_quote', 'safe_encoding'),
    ('bytea_output', 'hex'),
    ('check_function_bodies', 'on'),
    ('client_encoding', 'UTF8'),
    ('client_min_messages', 'warning'),
    ('DateStyle', 'ISO, MDY'),
    ('default_transaction_deferrable', 'off'),
    ('default_transaction_isolation', 'read committed'),
    ('default_transaction_read_only', 'off'),
    ('default_with_oids', 'off'),
    ('escape_string_warning', 'on'),
    ('exit_on_error', 'off'),
    ('extra_float_digits', '3'),
    ('gin_fuzzy_search_limit', '0'),
    ('idle_in_transaction_session_timeout', '0'),
    ('idle_session_timeout', '0'),
    ('IntervalStyle', 'postgres'),
    ('lock_timeout', '0'),
    ('quote_all_identifiers', 'off'),
    ('row_security', 'on'),
    ('search_path', ''),
    ('standard_conforming_strings', 'on'),
    ('statement_timeout', '0'),
    ('TimeZone', 'UTC'),
    ('transaction_timeout', '0'),
    ('transform_null_equals', 'off'),
    ('xmlbinary', 'base64'),
    ('xmloption', 'content')
) AS wanted (name, value)
JOIN pg_catalog.pg_settings AS setting ON setting.name = wanted.name
WHERE setting.context = 'user';
