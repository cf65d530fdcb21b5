-- Rendered pages are cached until the tenant's stamp changes, so every change of the other tables that they show
-- replaces it as well. Exceptions are users, group members, sessions and log entries: otherwise a login would wait for
-- the transaction of another writer, which has locked the stamp.
CREATE TRIGGER probe_stamp AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON probe
    FOR EACH STATEMENT EXECUTE PROCEDURE public.stamp_tenant();
CREATE TRIGGER metric_type_stamp AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON metric_type
    FOR EACH STATEMENT EXECUTE PROCEDURE public.stamp_tenant();
CREATE TRIGGER vo_stamp AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON vo
    FOR EACH STATEMENT EXECUTE PROCEDURE public.stamp_tenant();
CREATE TRIGGER service_flavour_stamp AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON service_flavour
    FOR EACH STATEMENT EXECUTE PROCEDURE public.stamp_tenant();
CREATE TRIGGER service_stamp AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON service
    FOR EACH STATEMENT EXECUTE PROCEDURE public.stamp_tenant();
