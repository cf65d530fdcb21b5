-- Rendered pages are cached until the tenant's stamp changes, so the remaining tables that they show change it as well.
-- Users, group members, sessions and log entries do not: a login would wait for whoever writes.
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
