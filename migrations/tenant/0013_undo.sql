-- The log entry of the action that an action has undone; NULL if it has undone none. An action is undone once.
ALTER TABLE log_entry ADD COLUMN undoes bigint;
ALTER TABLE log_entry ADD CONSTRAINT log_entry_undoes_fkey FOREIGN KEY (undoes) REFERENCES log_entry (id)
    ON DELETE SET NULL;
ALTER TABLE log_entry ADD CONSTRAINT log_entry_undoes_key UNIQUE (undoes);
