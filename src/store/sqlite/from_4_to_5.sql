-- The types of events are words with a dot, and the facts are states that any source can report.
UPDATE events SET fact = CASE kind
        WHEN 'refund_applied' THEN 'created'
        WHEN 'change_paid' THEN 'awaiting_ticketing'
        WHEN 'change_cancelled' THEN 'closed'
        ELSE fact
    END;
UPDATE events SET kind = CASE kind
        WHEN 'operation_unknown' THEN 'operation.unknown'
        WHEN 'operation_settled' THEN 'operation.settled'
        WHEN 'operation_needs_attention' THEN 'operation.needs_attention'
        WHEN 'operation_contradicted' THEN 'operation.contradicted'
        WHEN 'order_booked' THEN 'order.booked'
        WHEN 'order_paid' THEN 'order.paid'
        WHEN 'order_closed' THEN 'order.closed'
        WHEN 'refund_applied' THEN 'refund.created'
        WHEN 'change_created' THEN 'change.created'
        WHEN 'change_paid' THEN 'change.awaiting_ticketing'
        WHEN 'change_cancelled' THEN 'change.closed'
        ELSE kind
    END;
