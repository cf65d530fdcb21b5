-- Failed logins: the rate limit on guessing passwords holds for all servers together.
CREATE TABLE login_failure (
    kind         text        NOT NULL,
    -- SHA-256 of the name or address: a name that was typed may be a password.
    subject_hash bytea       NOT NULL,
    failures     integer     NOT NULL,
    last_failure timestamptz NOT NULL,
    CONSTRAINT login_failure_pkey PRIMARY KEY (kind, subject_hash),
    CONSTRAINT login_failure_kind_known CHECK (kind IN ('account', 'address')),
    CONSTRAINT login_failure_subject_hash_length CHECK (octet_length(subject_hash) = 32)
);
CREATE INDEX login_failure_last_failure_idx ON login_failure (last_failure);
