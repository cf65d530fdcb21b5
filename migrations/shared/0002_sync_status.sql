-- The state of each feed of each tenant: when it was last fetched, and what came of it. It is in the schema public, so
-- that one query reads the states of all tenants. It has no stamp trigger, because it changes every hour.
CREATE TABLE public.sync_status (
    schema_name   text             NOT NULL,
    -- The name of the feed: service_types, vos, services.
    feed          text             NOT NULL,
    last_attempt  timestamptz      NOT NULL,
    last_success  timestamptz,
    -- The time of the first failure since the last success. NULL: the last attempt succeeded.
    failing_since timestamptz,
    -- changed, up to date, refused, failed, not configured
    result        text             NOT NULL,
    message       text             NOT NULL,
    added         bigint           NOT NULL,
    changed       bigint           NOT NULL,
    removed       bigint           NOT NULL,
    left_out      bigint           NOT NULL,
    in_feed       bigint           NOT NULL,
    listed        bigint           NOT NULL,
    seconds       double precision NOT NULL,
    -- The machine and the version of POEM that made the last attempt.
    host          text             NOT NULL,
    version       text             NOT NULL,
    CONSTRAINT sync_status_pkey PRIMARY KEY (schema_name, feed),
    CONSTRAINT sync_status_schema_name_fkey FOREIGN KEY (schema_name)
        REFERENCES public.tenant (schema_name) ON DELETE CASCADE,
    CONSTRAINT sync_status_message_length CHECK (char_length(message) <= 500)
);
