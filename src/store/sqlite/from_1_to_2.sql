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
