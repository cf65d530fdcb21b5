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
