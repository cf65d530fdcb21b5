-- All of it happens, or nothing: whoever ends before the COMMIT of restore_end.sql leaves nothing.
BEGIN;
SET LOCAL lock_timeout = '10s';
-- Takes turns with migrations.
SELECT pg_advisory_xact_lock(hashtext('poem migrations'));
