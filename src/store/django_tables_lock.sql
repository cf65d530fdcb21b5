-- Locks every table of the schema that the search path names against writers until the end of the transaction, so that
-- what is read after it is what there is. Readers do not wait.
SET LOCAL lock_timeout = '10s';
DO $$
DECLARE
    relation record;
BEGIN
    FOR relation IN
        SELECT n.nspname, c.relname
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND c.relkind = 'r'
        ORDER BY c.relname
    LOOP
        EXECUTE format('LOCK TABLE %I.%I IN SHARE ROW EXCLUSIVE MODE', relation.nspname, relation.relname);
    END LOOP;
END
$$;
