-- The restore is one transaction: if it ends before the COMMIT of restore_end.sql, nothing changes.
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL lock_timeout = '10s';
-- Migrations and restores wait for each other.
SELECT pg_advisory_xact_lock(hashtext('poem migrations'));
