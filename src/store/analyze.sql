-- Analyzes every table of the schema that the search path names.
DO $$
DECLARE
    relation record;
BEGIN
    FOR relation IN
        SELECT n.nspname, c.relname
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND c.relkind = 'r'
    LOOP
        EXECUTE format('ANALYZE %I.%I', relation.nspname, relation.relname);
    END LOOP;
END
$$;
