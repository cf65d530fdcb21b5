-- Every object of the tenant, whatever its kind: what search, index, log, pickers and groups ask about all of them.
-- A migration that adds a kind of object drops this view and repeats it whole, with one more part.
--
-- kind                 as the log names it; three that the log does not know: metricname, vo, serviceflavour
-- number, id           its id, as a number (NULL if it is text) and as text
-- name, label          what it is called, and what tells it from others of this name: metrics as NAME (TAG), profiles as
--                      NAME (VERSION)
-- note                 more about it, for people
-- searched             what the search looks at in addition to the name
-- group_kind, group_id the group that holds it; both NULL for a kind that no group holds. (Groups of metrics hold names;
--                      metrics follow their names.)
CREATE VIEW object AS
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
    SELECT 'aggregation', id, id::text, name, name, '', '', 'aggregations', group_id FROM aggregation
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
