-- Lists show when API keys were last used, and what needs attention.

-- The last use of API keys. A separate table, because a use must not replace the tenant's stamp: caches would be lost.
-- No row: not used since it is recorded.
CREATE TABLE api_key_use (
    api_key_id bigint      NOT NULL,
    last_used  timestamptz NOT NULL,
    CONSTRAINT api_key_use_pkey PRIMARY KEY (api_key_id),
    CONSTRAINT api_key_use_api_key_fkey FOREIGN KEY (api_key_id) REFERENCES api_key (id) ON DELETE CASCADE
);

-- What needs attention, for the index and for the lists that it leads to. An object can have several needs. Those with a
-- time have them only if it is long ago.
CREATE VIEW need AS
-- Active metrics that have lost their probe.
SELECT 'metric' AS kind, 'no-probe' AS need, m.id AS object_id, NULL::timestamptz AS idle_since
FROM metric m JOIN metric_type t ON t.id = m.metric_type_id
WHERE t.name = 'Active' AND m.probe_version_id IS NULL
UNION ALL
-- Passive metrics, whose results come from no parent.
SELECT 'metric', 'no-parent', m.id, NULL
FROM metric m JOIN metric_type t ON t.id = m.metric_type_id
WHERE t.name = 'Passive' AND m.parent = ''
UNION ALL
-- Metrics whose parent or dependency has no configuration.
SELECT DISTINCT 'metric', 'dangling', named.metric_id, NULL::timestamptz
FROM (SELECT id AS metric_id, parent AS name FROM metric WHERE parent <> ''
      UNION ALL SELECT metric_id, key FROM metric_setting WHERE section = 'dependency') named
LEFT JOIN (SELECT DISTINCT n.name FROM metric m JOIN metric_name n ON n.id = m.metric_name_id) configured
    ON configured.name = named.name
WHERE configured.name IS NULL
UNION ALL
SELECT DISTINCT 'metric', 'not-a-number', s.metric_id, NULL::timestamptz
FROM metric_setting s
-- CASE, because PostgreSQL would match the other settings as well.
WHERE CASE WHEN s.section = 'config' AND s.key IN ('interval', 'maxCheckAttempts', 'retryInterval', 'timeout')
           THEN s.value !~ '^[0-9]+([.][0-9]+)?$' END
UNION ALL
-- Profiles with tuples whose metric has no configuration.
SELECT DISTINCT 'profile', 'unconfigured', i.profile_id, NULL::timestamptz
FROM metric_instance i
WHERE i.metric_name_id IN (SELECT n.id FROM metric_name n LEFT JOIN metric m ON m.metric_name_id = n.id WHERE m.id IS NULL)
UNION ALL
-- API keys in force, until they are used. The token that is sealed is one that POEM presents to others.
SELECT 'apikey', 'unused', k.id, greatest(k.created, u.last_used)
FROM api_key k LEFT JOIN api_key_use u ON u.api_key_id = k.id
WHERE NOT k.revoked AND k.token_sealed IS NULL;
