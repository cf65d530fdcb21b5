-- The copies of profiles on the ARGO WEB-API, where they are called metric profiles. There is a row only for a profile that
-- was sent, or is to be sent on every save.
CREATE TABLE metric_profile_copy (
    profile_id    bigint      NOT NULL,
    -- Its id on the WEB-API; NULL if it is not there, as far as POEM knows.
    api_id        text,
    on_every_save boolean     NOT NULL DEFAULT false,
    -- The definition as it was after the last sending, and the time of that; NULL if it was never sent.
    sent          jsonb,
    sent_at       timestamptz,
    -- Since when the profile differs, perhaps, from what was sent; NULL if nothing has changed since.
    marked_since  timestamptz,
    -- The number of changes: a sending clears the mark only if there was none meanwhile.
    changes       bigint      NOT NULL DEFAULT 0,
    -- Why the last sending failed; '' if it did not.
    failure       text        NOT NULL DEFAULT '',
    CONSTRAINT metric_profile_copy_pkey PRIMARY KEY (profile_id),
    CONSTRAINT metric_profile_copy_profile_fkey FOREIGN KEY (profile_id) REFERENCES profile (id) ON DELETE CASCADE,
    CONSTRAINT metric_profile_copy_sent_dated CHECK ((sent IS NULL) = (sent_at IS NULL))
);
CREATE TRIGGER metric_profile_copy_stamp AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON metric_profile_copy
    FOR EACH STATEMENT EXECUTE PROCEDURE public.stamp_tenant();

CREATE TRIGGER profile_added_mark AFTER INSERT ON profile
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE PROCEDURE public.mark_metric_profiles('id');
CREATE TRIGGER profile_changed_mark AFTER UPDATE ON profile
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE PROCEDURE public.mark_metric_profiles('id');
CREATE TRIGGER metric_instance_added_mark AFTER INSERT ON metric_instance
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE PROCEDURE public.mark_metric_profiles('profile_id');
CREATE TRIGGER metric_instance_changed_mark AFTER UPDATE ON metric_instance
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE PROCEDURE public.mark_metric_profiles('profile_id');
CREATE TRIGGER metric_instance_deleted_mark AFTER DELETE ON metric_instance
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE PROCEDURE public.mark_metric_profiles('profile_id');
CREATE TRIGGER metric_name_changed_mark AFTER UPDATE ON metric_name
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE PROCEDURE public.mark_profiles_of_metrics();

-- Pages of profiles, which are cached, name the aggregations that use them. (Their changes add versions, which have a stamp.)
CREATE TRIGGER aggregation_deleted_stamp AFTER DELETE OR TRUNCATE ON aggregation
    FOR EACH STATEMENT EXECUTE PROCEDURE public.stamp_tenant();
