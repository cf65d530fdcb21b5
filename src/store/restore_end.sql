
INSERT INTO public.tenant (name, schema_name, domain_url, created_on)
VALUES (:'poem_name', :'poem_schema', nullif(:'poem_host', ''), :'poem_created');
INSERT INTO public.migration (schema_name, version, name, checksum, applied_at)
SELECT :'poem_schema', m.version, m.name, decode(m.checksum, 'hex'), m.applied_at
FROM jsonb_to_recordset(:'poem_migrations'::jsonb)
    AS m (version bigint, name text, checksum text, applied_at timestamptz);
-- A new stamp, never the one that the data had: a server may still have another state cached under it.
INSERT INTO public.tenant_stamp (schema_name, stamp)
VALUES (:'poem_schema', md5(random()::text || clock_timestamp()::text || txid_current()::text))
ON CONFLICT (schema_name) DO UPDATE SET stamp = excluded.stamp;
COMMIT;
