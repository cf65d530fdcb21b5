-- Waits for the tenant's writer.
SELECT pg_advisory_xact_lock(hashtext('poem tenant'), hashtext(:'poem_schema'));
DELETE FROM public.migration WHERE schema_name = :'poem_schema';
DELETE FROM public.tenant_stamp WHERE schema_name = :'poem_schema';
DELETE FROM public.tenant WHERE schema_name = :'poem_schema';
-- Locked first, as by every transaction that reads: so readers either finish with the old tables or start with the new.
LOCK TABLE :"poem_schema".object_group IN ACCESS EXCLUSIVE MODE;
DROP SCHEMA :"poem_schema" CASCADE;
