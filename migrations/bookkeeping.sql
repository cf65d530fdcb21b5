-- The applied migrations of every schema. The migration runner creates this table itself, before the first migration.
CREATE TABLE IF NOT EXISTS public.migration (
    schema_name text        NOT NULL,
    version     bigint      NOT NULL,
    name        text        NOT NULL,
    -- The checksum of the migration when it was applied, to detect later changes of it.
    checksum    bytea       NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT migration_pkey PRIMARY KEY (schema_name, version)
);
