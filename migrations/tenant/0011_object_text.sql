-- The texts of objects that the search finds them by, in addition to their labels, and where each text is.
--
-- kind, number the object, as in the view object; objects whose id is text have no row
-- place        the field: for settings their section, for tuples of profiles `tuple`
-- position     the place of a setting in its section; 0 for all other texts
-- key          the key of a setting, the service flavour of a tuple; '' for all other texts
-- text         the text, not empty unless it belongs to a key
CREATE VIEW object_text AS
    SELECT 'metric' AS kind, m.id AS number, f.place, 0 AS position, '' AS key, f.text
    FROM metric m
    JOIN metric_type y ON y.id = m.metric_type_id
    LEFT JOIN version v ON v.id = m.probe_version_id
    CROSS JOIN LATERAL (VALUES ('executable', m.executable), ('parent', m.parent), ('type', y.name),
        ('probe', (v.content ->> 'name') || ' (' || (v.content ->> 'version') || ')')) f (place, text)
    WHERE f.text <> ''
    UNION ALL
    SELECT 'metric', metric_id, section, position, key, value FROM metric_setting
    UNION ALL
    SELECT 'probe', p.id, f.place, 0, '', f.text
    FROM probe p
    CROSS JOIN LATERAL (VALUES ('version', p.version), ('description', p.description), ('repository', p.repository),
        ('documentation', p.docurl), ('comment', p.comment)) f (place, text)
    WHERE f.text <> ''
    UNION ALL
    SELECT 'profile', p.id, f.place, 0, '', f.text
    FROM profile p
    CROSS JOIN LATERAL (VALUES ('vo', p.vo), ('description', p.description)) f (place, text)
    WHERE f.text <> ''
    UNION ALL
    SELECT 'profile', i.profile_id, 'tuple', 0, i.service_flavour, concat_ws(', ', n.name, nullif(i.fqan, ''))
    FROM metric_instance i JOIN metric_name n ON n.id = i.metric_name_id
    UNION ALL
    SELECT 'custuser', u.id, f.place, 0, '', f.text
    FROM app_user u
    CROSS JOIN LATERAL (VALUES ('person', trim(u.first_name || ' ' || u.last_name)), ('email', u.email)) f (place, text)
    WHERE f.text <> '';

-- The column `searched` has all of them. It is computed only where a query asks for it.
CREATE OR REPLACE VIEW object AS
    SELECT 'metric' AS kind, m.id AS number, m.id::text AS id, n.name, n.name || ' (' || t.name || ')' AS label,
           '' AS note,
           (SELECT string_agg(x.key || E'\n' || x.text, E'\n')
            FROM object_text x WHERE x.kind = 'metric' AND x.number = m.id) AS searched,
           NULL::text AS group_kind, NULL::bigint AS group_id
    FROM metric m JOIN metric_name n ON n.id = m.metric_name_id JOIN tag t ON t.id = m.tag_id
    UNION ALL
    SELECT 'metricname', id, id::text, name, name, '', '', 'metrics', group_id FROM metric_name
    UNION ALL
    SELECT 'probe', p.id, p.id::text, p.name, p.name, p.description,
           (SELECT string_agg(x.text, E'\n') FROM object_text x WHERE x.kind = 'probe' AND x.number = p.id),
           'probes', p.group_id
    FROM probe p
    UNION ALL
    SELECT 'profile', p.id, p.id::text, p.name, p.name || ' (' || p.version || ')', p.vo,
           (SELECT string_agg(x.key || E'\n' || x.text, E'\n')
            FROM object_text x WHERE x.kind = 'profile' AND x.number = p.id),
           'profiles', p.group_id
    FROM profile p
    UNION ALL
    SELECT 'aggregation', a.id, a.id::text, name,
           name || CASE WHEN twice.name IS NULL THEN '' ELSE ' (' || left(a.apiid, 8) || ')' END, '', '',
           'aggregations', a.group_id
    FROM aggregation a LEFT JOIN (SELECT name FROM aggregation GROUP BY name HAVING count(*) > 1) twice USING (name)
    UNION ALL
    SELECT 'service', NULL, id, service_name, service_name, service_type || ', ' || service_area,
           service_type || ', ' || service_area, NULL, NULL
    FROM service
    UNION ALL
    SELECT 'vo', NULL, name, name, name, '', '', NULL, NULL FROM vo
    UNION ALL
    SELECT 'serviceflavour', NULL, name, name, name, coalesce(description, ''), coalesce(description, ''), NULL, NULL
    FROM service_flavour
    UNION ALL
    SELECT 'groupof' || kind, id, id::text, name, name, '', '', NULL, NULL FROM object_group
    UNION ALL
    SELECT 'custuser', u.id, u.id::text, u.username, u.username, trim(u.first_name || ' ' || u.last_name),
           (SELECT string_agg(x.text, E'\n') FROM object_text x WHERE x.kind = 'custuser' AND x.number = u.id), NULL, NULL
    FROM app_user u
    UNION ALL
    SELECT 'apikey', id, id::text, client, client, '', '', NULL, NULL FROM api_key;
