-- Marks the copies of profiles on the ARGO WEB-API when the profiles change. There are many ways to change one: forms,
-- imports, renamed and deleted metrics, loads. Triggers miss none.

-- For the tables of profiles and their tuples, whose ids of profiles are in the column that the trigger names.
CREATE FUNCTION public.mark_metric_profiles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'UPDATE %1$I.metric_profile_copy SET marked_since = coalesce(marked_since, now()), changes = changes + 1
         WHERE profile_id IN (SELECT p.id FROM %1$I.profile p JOIN %1$I.profile q ON q.name = p.name
                              WHERE q.id IN (SELECT %2$I FROM changed))',
        TG_TABLE_SCHEMA, TG_ARGV[0]);
    RETURN NULL;
END
$$;

-- For metric names: a new name changes all profiles that have it.
CREATE FUNCTION public.mark_profiles_of_metrics() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'UPDATE %1$I.metric_profile_copy SET marked_since = coalesce(marked_since, now()), changes = changes + 1
         WHERE profile_id IN (SELECT i.profile_id FROM %1$I.metric_instance i
                              WHERE i.metric_name_id IN (SELECT id FROM changed))',
        TG_TABLE_SCHEMA);
    RETURN NULL;
END
$$;
