-- The tenant's writers end first.
SELECT pg_advisory_xact_lock(hashtext('poem tenant'), hashtext(:'poem_schema'));
DELETE FROM public.migration WHERE schema_name = :'poem_schema';
DELETE FROM public.tenant_stamp WHERE schema_name = :'poem_schema';
DELETE FROM public.tenant WHERE schema_name = :'poem_schema';
-- Before the others: so do those who read (TenantTx::read), and keep the tables that they have begun to read.
LOCK TABLE :"poem_schema".object_group IN ACCESS EXCLUSIVE MODE;
DROP SCHEMA :"poem_schema" CASCADE;
