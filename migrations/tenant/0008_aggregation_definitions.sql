-- The definitions of aggregation profiles, which the ARGO WEB-API stores, and the save there that is under way.

-- Names follow the WEB-API, which may list two of one name. So may data of POEM 2.3.
ALTER TABLE aggregation DROP CONSTRAINT aggregation_name_key;
CREATE INDEX aggregation_name_idx ON aggregation (name);

-- The last known definition, as it was read or written; NULL if POEM has not read it.
ALTER TABLE aggregation ADD COLUMN definition jsonb;
-- The time when it was read or written.
ALTER TABLE aggregation ADD COLUMN definition_read timestamptz;
-- Since when the WEB-API does not have it; NULL if it has.
ALTER TABLE aggregation ADD COLUMN missing_since timestamptz;
ALTER TABLE aggregation ADD CONSTRAINT aggregation_definition_dated
    CHECK ((definition IS NULL) = (definition_read IS NULL));

-- As before, but two aggregations of one name have different labels, so that a group can hold either.
CREATE OR REPLACE VIEW object AS
    SELECT 'metric' AS kind, m.id AS number, m.id::text AS id, n.name, n.name || ' (' || t.name || ')' AS label,
           '' AS note, '' AS searched, NULL::text AS group_kind, NULL::bigint AS group_id
    FROM metric m JOIN metric_name n ON n.id = m.metric_name_id JOIN tag t ON t.id = m.tag_id
    UNION ALL
    SELECT 'metricname', id, id::text, name, name, '', '', 'metrics', group_id FROM metric_name
    UNION ALL
    SELECT 'probe', id, id::text, name, name, description, description, 'probes', group_id FROM probe
    UNION ALL
    SELECT 'profile', id, id::text, name, name || ' (' || version || ')', vo, concat_ws(' ', vo, description),
           'profiles', group_id
    FROM profile
    UNION ALL
    SELECT 'aggregation', a.id, a.id::text, name,
           name || CASE WHEN twice.name IS NULL THEN '' ELSE ' (' || left(a.apiid, 8) || ')' END, '', '',
           'aggregations', a.group_id
    FROM aggregation a LEFT JOIN (SELECT name FROM aggregation GROUP BY name HAVING count(*) > 1) twice USING (name)
    UNION ALL
    SELECT 'service', NULL, id, service_name, service_name, service_type, service_type || ' ' || service_area, NULL, NULL
    FROM service
    UNION ALL
    SELECT 'vo', NULL, name, name, name, '', '', NULL, NULL FROM vo
    UNION ALL
    SELECT 'serviceflavour', NULL, name, name, name, coalesce(description, ''), coalesce(description, ''), NULL, NULL
    FROM service_flavour
    UNION ALL
    SELECT 'groupof' || kind, id, id::text, name, name, '', '', NULL, NULL FROM object_group
    UNION ALL
    SELECT 'custuser', id, id::text, username, username, trim(first_name || ' ' || last_name),
           first_name || ' ' || last_name || ' ' || email, NULL, NULL
    FROM app_user
    UNION ALL
    SELECT 'apikey', id, id::text, client, client, '', '', NULL, NULL FROM api_key;

ALTER TABLE version DROP CONSTRAINT version_kind_known;
ALTER TABLE version ADD CONSTRAINT version_kind_known
    CHECK (kind IN ('probe', 'metric', 'profile', 'aggregation'));

-- The note of a save on the WEB-API that is under way, or whose end is not known: at most one row. It is also the lock
-- of these saves, for all servers of the database. It is not kept in backups.
CREATE TABLE web_api_save (
    is_only        boolean     NOT NULL DEFAULT true,
    -- The random id of the save that holds the lock.
    owner          text        NOT NULL,
    started        timestamptz NOT NULL DEFAULT now(),
    -- The time after which another save may take the lock over.
    deadline       timestamptz NOT NULL,
    user_id        bigint,
    username       text        NOT NULL,
    action         text        NOT NULL,
    -- The aggregation in POEM; NULL for a new one. No foreign key: it may be removed meanwhile.
    aggregation_id bigint,
    -- Its id on the WEB-API; '' for a new one.
    apiid          text        NOT NULL,
    -- The name of the group in POEM; '' for none.
    group_name     text        NOT NULL,
    -- The name of the profile that a new one is cloned from; '' for none.
    derived_from   text        NOT NULL DEFAULT '',
    -- The definition before, and the one that is sent; NULL if there is none.
    before         jsonb,
    wanted         jsonb,
    CONSTRAINT web_api_save_pkey PRIMARY KEY (is_only),
    CONSTRAINT web_api_save_only_one CHECK (is_only),
    CONSTRAINT web_api_save_action_known CHECK (action IN ('add', 'change', 'delete', 'send')),
    CONSTRAINT web_api_save_user_fkey FOREIGN KEY (user_id) REFERENCES app_user (id) ON DELETE SET NULL
);
CREATE INDEX web_api_save_user_idx ON web_api_save (user_id);
