-- Why a user made a change, as they say in the form: a ticket, or the reason in words. NULL if they gave none.
ALTER TABLE log_entry ADD COLUMN change_reason text
    CONSTRAINT log_entry_change_reason_bounded CHECK (length(change_reason) BETWEEN 1 AND 512);
ALTER TABLE version ADD COLUMN change_reason text
    CONSTRAINT version_change_reason_bounded CHECK (length(change_reason) BETWEEN 1 AND 512);
