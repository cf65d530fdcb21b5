-- Profiles have versions, as probes and metrics do, and the audit log stores data instead of words.

ALTER TABLE version DROP CONSTRAINT version_kind_known;
ALTER TABLE version ADD CONSTRAINT version_kind_known CHECK (kind IN ('probe', 'metric', 'profile'));

-- What a change added and removed, or the whole content of an object that was added or deleted; with names instead of
-- ids. NULL if only the message is known.
ALTER TABLE log_entry ADD COLUMN data jsonb;

-- Existing profiles get their initial version, dated like that of a loaded profile: the newest time in the data.
INSERT INTO version (kind, object_id, content, message, user_id, username, created)
SELECT 'profile', p.id,
       jsonb_build_object('name', p.name, 'version', p.version, 'vo', p.vo, 'description', p.description,
                          'group', coalesce(g.name, ''), 'tuples', coalesce(t.tuples, '[]')),
       'Initial version.', NULL, '', newest.at
FROM profile p
LEFT JOIN object_group g ON g.kind = p.group_kind AND g.id = p.group_id
LEFT JOIN (SELECT i.profile_id,
                  jsonb_agg(jsonb_build_object('service_flavour', i.service_flavour, 'metric', n.name, 'fqan', i.fqan)
                            ORDER BY i.service_flavour COLLATE "C", n.name COLLATE "C", i.fqan = '', i.fqan COLLATE "C")
                      AS tuples
           FROM metric_instance i JOIN metric_name n ON n.id = i.metric_name_id
           GROUP BY i.profile_id) t ON t.profile_id = p.id
CROSS JOIN (SELECT coalesce(greatest((SELECT max(changed_at) FROM probe), (SELECT max(created) FROM version),
                                     (SELECT max(action_time) FROM log_entry)), 'epoch') AS at) newest
ORDER BY p.id;
