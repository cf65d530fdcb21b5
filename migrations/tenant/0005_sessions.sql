-- Sessions are shown to their user, and logins are counted by more than name and address.

ALTER TABLE login_session
    -- The browser at the login, as its header User-Agent, and the address of the client. '' if unknown.
    ADD COLUMN user_agent    text  NOT NULL DEFAULT '',
    ADD COLUMN address       text  NOT NULL DEFAULT '',
    -- The hash of the session that this one replaced when its user changed the password: if that form is sent twice, the
    -- second submit comes with the old session.
    ADD COLUMN replaced_hash bytea,
    ADD CONSTRAINT login_session_replaced_hash_length CHECK (octet_length(replaced_hash) = 32);

ALTER TABLE login_failure
    DROP CONSTRAINT login_failure_kind_known,
    ADD CONSTRAINT login_failure_kind_known
        CHECK (kind IN ('account', 'address', 'network56', 'network48', 'browser', 'place', 'session'));

-- The addresses from which users have logged in: there, failures elsewhere do not lock them out.
CREATE TABLE login_address (
    user_id      bigint      NOT NULL,
    -- SHA-256 of the address.
    address_hash bytea       NOT NULL,
    last_login   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT login_address_pkey PRIMARY KEY (user_id, address_hash),
    CONSTRAINT login_address_address_hash_length CHECK (octet_length(address_hash) = 32),
    CONSTRAINT login_address_user_fkey FOREIGN KEY (user_id) REFERENCES app_user (id) ON DELETE CASCADE
);
