ALTER TABLE operations ADD COLUMN made TEXT;
ALTER TABLE operations ADD COLUMN differs TEXT;
ALTER TABLE operations ADD COLUMN confirmed_at INTEGER;
UPDATE operations SET made = kind || ':' || account || ':' || CASE kind
        WHEN 'book' THEN json_extract(result, '$.order_id')
        WHEN 'refund' THEN json_extract(result, '$.refund_order_no')
        WHEN 'change' THEN json_extract(result, '$.change_order_no') END
    WHERE result IS NOT NULL AND kind IN ('book', 'refund', 'change');
