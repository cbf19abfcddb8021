ALTER TABLE operations ADD COLUMN prune_at INTEGER;
UPDATE operations SET
    done_key = CASE WHEN done_key IS NULL THEN NULL
        ELSE kind || ':' || substr(lock_base, 1, instr(lock_base, ':')) || account || ':' || subject END,
    absent_key = CASE WHEN absent_key IS NULL THEN NULL
        ELSE kind || ':' || substr(lock_base, 1, instr(lock_base, ':')) || account || ':' || subject END,
    lock_key = CASE WHEN lock_key IS NULL THEN NULL
        ELSE substr(lock_base, 1, instr(lock_base, ':')) || account || ':' || subject END,
    lock_base = substr(lock_base, 1, instr(lock_base, ':')) || account || ':' || subject
    WHERE lock_base NOT LIKE 'reference:%';
UPDATE operations SET prune_at = settled_at + 86400000
    WHERE state = 'not_executed' AND basis = 'not_sent' AND sent_at IS NULL;
