ALTER TABLE operations ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
UPDATE operations SET revision = version;
ALTER TABLE operations ADD COLUMN made TEXT;
ALTER TABLE operations ADD COLUMN differs TEXT;
ALTER TABLE operations ADD COLUMN confirmed_at INTEGER;
ALTER TABLE operations ADD COLUMN attention TEXT;
UPDATE operations SET attention = CASE WHEN contradicted THEN 'contradicted' ELSE 'undecided' END
    WHERE state = 'needs_attention';
CREATE TABLE proofs (
    account         TEXT    NOT NULL,
    lookup          TEXT    NOT NULL,
    key             TEXT    NOT NULL,
    session         TEXT,
    at              INTEGER NOT NULL,
    PRIMARY KEY (account, lookup)
) WITHOUT ROWID;
-- The object of each succeeded operation is known to exist. Whether a lookup has found the object is not known.
INSERT INTO proofs SELECT account, CASE kind WHEN 'book' THEN 'order_by_reference'
        WHEN 'refund' THEN 'refunds_of_order' ELSE 'changes_of_order' END, subject, NULL, 0
    FROM operations WHERE rowid IN (SELECT max(rowid) FROM operations
        WHERE state = 'succeeded' AND kind IN ('book', 'refund', 'change') GROUP BY account, kind);
DELETE FROM meta WHERE name LIKE '%\_proven:%' ESCAPE '\';
UPDATE operations SET made = kind || ':' || account || ':' || CASE kind
        WHEN 'book' THEN json_extract(result, '$.order_id')
        WHEN 'refund' THEN json_extract(result, '$.refund_order_no')
        WHEN 'change' THEN json_extract(result, '$.change_order_no') END
    WHERE result IS NOT NULL AND kind IN ('book', 'refund', 'change');
