-- Failed logins. They are in the database so that all servers share the rate limit.
CREATE TABLE login_failure (
    kind         text        NOT NULL,
    -- SHA-256 of the name or address. A hash, because the name may be a password typed into the wrong field.
    subject_hash bytea       NOT NULL,
    failures     integer     NOT NULL,
    last_failure timestamptz NOT NULL,
    CONSTRAINT login_failure_pkey PRIMARY KEY (kind, subject_hash),
    CONSTRAINT login_failure_kind_known CHECK (kind IN ('account', 'address')),
    CONSTRAINT login_failure_subject_hash_length CHECK (octet_length(subject_hash) = 32)
);
CREATE INDEX login_failure_last_failure_idx ON login_failure (last_failure);
