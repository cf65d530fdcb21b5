-- What was applied where. The migration runner makes this table itself, before the first migration.
CREATE TABLE IF NOT EXISTS public.migration (
    schema_name text        NOT NULL,
    version     bigint      NOT NULL,
    name        text        NOT NULL,
    -- Of the file as it was applied, so that a later change of it is noticed.
    checksum    bytea       NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT migration_pkey PRIMARY KEY (schema_name, version)
);
