PRAGMA user_version = 6;
BEGIN TRANSACTION;
CREATE TABLE attachments (
    id              BLOB    NOT NULL PRIMARY KEY,
    account         TEXT    NOT NULL,
    order_id        TEXT,
    file_id         TEXT    NOT NULL,
    at              INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE events (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    fact            TEXT    NOT NULL,
    account         TEXT    NOT NULL,
    owner           TEXT,
    operation_id    TEXT,
    at              INTEGER NOT NULL,
    -- The order that the event concerns, as far as known.
    order_id        TEXT,
    out_order_no    TEXT,
    UNIQUE (kind, subject, fact)
);
INSERT INTO "events" VALUES(1,'operation.settled','01a21ec7-3ee4-73e6-b0fe-15564d8c06bb','succeeded','default','local','01a21ec7-3ee4-73e6-b0fe-15564d8c06bb',1795812703977,'7359162540728400005','V6-1');
INSERT INTO "events" VALUES(2,'order.booked','7359162540728400005','booked','default','local','01a21ec7-3ee4-73e6-b0fe-15564d8c06bb',1795812703977,'7359162540728400005','V6-1');
INSERT INTO "events" VALUES(3,'order.paid','7359162540728400005','paid','default','local',NULL,1795812703982,'7359162540728400005','V6-1');
INSERT INTO "events" VALUES(5,'operation.settled','01a21ec7-3eeb-7865-9a42-8bffe230b8bd','succeeded','default','local','01a21ec7-3eeb-7865-9a42-8bffe230b8bd',1795812703983,'7359162540728400005','V6-1');
INSERT INTO "events" VALUES(7,'order.ticketed','7359162540728400005','ticketed','default','local',NULL,1795812703987,'7359162540728400005','V6-1');
INSERT INTO "events" VALUES(8,'refund.created','4359162540728400003','created','default','local',NULL,1795812704498,'7359162540728400005','V6-1');
INSERT INTO "events" VALUES(9,'operation.settled','01a21ec7-40ed-7a35-9865-b3d163ad1b01','succeeded','default','local','01a21ec7-40ed-7a35-9865-b3d163ad1b01',1795812704498,'7359162540728400005','V6-1');
INSERT INTO "events" VALUES(11,'refund.refunded','4359162540728400003','refunded','default','local',NULL,1795812704501,'7359162540728400005','V6-1');
INSERT INTO "events" VALUES(12,'operation.settled','01a21ec7-40fa-7037-9376-e9b7749e7789','succeeded','default','local','01a21ec7-40fa-7037-9376-e9b7749e7789',1795812704514,'7359162540728400007','V6-2');
INSERT INTO "events" VALUES(13,'order.booked','7359162540728400007','booked','default','local','01a21ec7-40fa-7037-9376-e9b7749e7789',1795812704514,'7359162540728400007','V6-2');
INSERT INTO "events" VALUES(14,'order.paid','7359162540728400007','paid','default','local',NULL,1795812704519,'7359162540728400007','V6-2');
INSERT INTO "events" VALUES(15,'operation.settled','01a21ec7-4104-7623-97d1-c5da26a88eed','succeeded','default','local','01a21ec7-4104-7623-97d1-c5da26a88eed',1795812704521,'7359162540728400007','V6-2');
INSERT INTO "events" VALUES(18,'order.ticketed','7359162540728400007','ticketed','default','local',NULL,1795812704525,'7359162540728400007','V6-2');
INSERT INTO "events" VALUES(19,'change.awaiting_payment','5359162540728400003','awaiting_payment','default','local',NULL,1795812705035,'7359162540728400007','V6-2');
INSERT INTO "events" VALUES(20,'operation.settled','01a21ec7-4306-7c73-a6c1-a341d5a1cf27','succeeded','default','local','01a21ec7-4306-7c73-a6c1-a341d5a1cf27',1795812705035,'7359162540728400007','V6-2');
INSERT INTO "events" VALUES(21,'change.created','5359162540728400003','created','default','local','01a21ec7-4306-7c73-a6c1-a341d5a1cf27',1795812705035,'7359162540728400007','V6-2');
INSERT INTO "events" VALUES(22,'operation.settled','01a21ec7-4311-7567-a192-6e6342ade4c0','succeeded','default','local','01a21ec7-4311-7567-a192-6e6342ade4c0',1795812705044,'7359162540728400009','V6-3');
INSERT INTO "events" VALUES(23,'order.booked','7359162540728400009','booked','default','local','01a21ec7-4311-7567-a192-6e6342ade4c0',1795812705044,'7359162540728400009','V6-3');
INSERT INTO "events" VALUES(24,'order.closed','7359162540728400009','closed','default','local',NULL,1795812705050,'7359162540728400009','V6-3');
INSERT INTO "events" VALUES(25,'operation.settled','01a21ec7-4316-7542-81ea-e882e7c475de','succeeded','default','local','01a21ec7-4316-7542-81ea-e882e7c475de',1795812705050,'7359162540728400009','V6-3');
INSERT INTO "events" VALUES(27,'operation.settled','01a21ec7-4321-7ad9-bf60-ca7afab2df92','succeeded','default','local','01a21ec7-4321-7ad9-bf60-ca7afab2df92',1795812705059,'7359162540728400011','V6-4');
INSERT INTO "events" VALUES(28,'order.booked','7359162540728400011','booked','default','local','01a21ec7-4321-7ad9-bf60-ca7afab2df92',1795812705059,'7359162540728400011','V6-4');
INSERT INTO "events" VALUES(29,'order.ticketed','1234125412','ticketed','default',NULL,NULL,1795812705061,'1234125412',NULL);
INSERT INTO "events" VALUES(30,'order.paid','7359162540728400011','paid','default','local',NULL,1795812705062,'7359162540728400011','V6-4');
CREATE TABLE inbox (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    topic           TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    -- Why it is quarantined, and the names and types of the members of its content.
    reason          TEXT,
    members         TEXT,
    account         TEXT,
    user_id         INTEGER,
    order_no        TEXT,
    published_at    INTEGER,
    received_at     INTEGER NOT NULL,
    -- The last delivery, and how many there were.
    delivered_at    INTEGER NOT NULL,
    deliveries      INTEGER NOT NULL,
    UNIQUE (topic, id)
);
INSERT INTO "inbox" VALUES(1,'alitrip_flight_TradeNotify','3b60a6e2bb4747bb8c2a02e299f718f7','processed',NULL,NULL,'default',2200000000001,'7359162540728400005',1795812703982,1795812703982,1795812703982,1);
INSERT INTO "inbox" VALUES(2,'alitrip_flight_PayNotification','c2e763a024394248a9dbcdaf4c779074','processed',NULL,NULL,'default',2200000000001,'7359162540728400005',1795812703982,1795812703982,1795812703982,1);
INSERT INTO "inbox" VALUES(3,'alitrip_flight_TradeNotify','dccbe39732c741c6a35ef90fe2898e98','processed',NULL,NULL,'default',2200000000001,'7359162540728400005',1795812703987,1795812703987,1795812703987,1);
INSERT INTO "inbox" VALUES(4,'alitrip_flight_RefundNotify','a581a549b15b44d48dd5623d92d2fe21','processed',NULL,NULL,'default',2200000000001,'7359162540728400005',1795812704497,1795812704498,1795812704498,1);
INSERT INTO "inbox" VALUES(5,'alitrip_flight_RefundNotify','b92b8a7c8f104fbd93312aed43eaf9f2','processed',NULL,NULL,'default',2200000000001,'7359162540728400005',1795812704501,1795812704501,1795812704501,1);
INSERT INTO "inbox" VALUES(6,'alitrip_flight_TradeNotify','cde6aaf3792c4068965eaa060bd46d3c','processed',NULL,NULL,'default',2200000000001,'7359162540728400007',1795812704519,1795812704519,1795812704519,1);
INSERT INTO "inbox" VALUES(7,'alitrip_flight_PayNotification','80249aacc6314da78275867d2f66ded8','processed',NULL,NULL,'default',2200000000001,'7359162540728400007',1795812704519,1795812704522,1795812704522,1);
INSERT INTO "inbox" VALUES(8,'alitrip_flight_TradeNotify','99d28cd0f8ab447ca57fd75d919664a8','processed',NULL,NULL,'default',2200000000001,'7359162540728400007',1795812704524,1795812704525,1795812704525,1);
INSERT INTO "inbox" VALUES(9,'alitrip_flight_ChangeStatusNotify','f59bbfa737d847908f3603d12107f364','processed',NULL,NULL,'default',2200000000001,'7359162540728400007',1795812705035,1795812705035,1795812705035,1);
INSERT INTO "inbox" VALUES(10,'alitrip_flight_TradeNotify','69ecfcc2ff6f4245a8d257d494e6a519','processed',NULL,NULL,'default',2200000000001,'7359162540728400009',1795812705049,1795812705050,1795812705050,1);
INSERT INTO "inbox" VALUES(11,'alitrip_flight_TradeNotify','m-1','processed',NULL,NULL,'default',2200000000001,'1234125412',1795812705061,1795812705061,1795812705061,1);
INSERT INTO "inbox" VALUES(12,'alitrip_flight_TradeNotify','m-2','processed',NULL,NULL,'default',2200000000001,'7359162540728400011',1795812705062,1795812705062,1795812705062,1);
CREATE TABLE instances (
    id              TEXT    NOT NULL PRIMARY KEY,
    until_ms        INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO "instances" VALUES('01a21ec7-3dbe-76e8-b56f-3af6811abd57',1795812763688);
CREATE TABLE meta (
    name            TEXT    NOT NULL PRIMARY KEY,
    value           BLOB    NOT NULL
) WITHOUT ROWID;
INSERT INTO "meta" VALUES('hash_key_check',X'6A042F9C85C5876C09AC2D54E7C9E146E0EC7DC9FE9203385973D9A79041B42B');
INSERT INTO "meta" VALUES('probe',X'00');
CREATE TABLE operations (
    id              TEXT    NOT NULL PRIMARY KEY,
    -- revision is the compare-and-set of every write; version is the part of it that callers see.
    revision        INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    kind            TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    basis           TEXT,
    account         TEXT    NOT NULL,
    caller          TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    -- The subject's lock. lock_key equals lock_base while the operation is open and holds the lock, else NULL.
    lock_base       TEXT    NOT NULL,
    lock_key        TEXT    UNIQUE,
    -- Set when it succeeded, or ended absent: a later operation on the same subject searches for them. For
    -- refunds and changes, done_key contains the caller's number: each number is used once.
    done_key        TEXT,
    absent_key      TEXT,
    -- Hash of the passengers and segments of a booking. twin_key equals it while it bars another such booking,
    -- else NULL, so that its index stays small: hashes are random, and in an index of all bookings each would
    -- touch a page of its own.
    duplicate       BLOB,
    twin_key        BLOB,
    -- NULL when the key is free again.
    idempotency     BLOB    UNIQUE,
    fingerprint     BLOB    NOT NULL,
    boot            TEXT    NOT NULL,
    touched_ms      INTEGER NOT NULL,
    intent          TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    sent_at         INTEGER,
    sent_steady_ms  INTEGER,
    settled_at      INTEGER,
    -- When a lookup confirmed how it was settled.
    confirmed_at    INTEGER,
    claim           TEXT    NOT NULL,
    findings        TEXT    NOT NULL,
    next_look_at    INTEGER,
    watch_until     INTEGER,
    -- When an operation that sent nothing is deleted.
    prune_at        INTEGER,
    contradicted    INTEGER NOT NULL,
    -- Why a person must decide.
    attention       TEXT,
    retry_of        TEXT,
    -- For a refund or change: the state of its order before the send. NULL for other kinds.
    baseline        TEXT,
    result          TEXT,
    -- The order, refund or change that it created: kind, account and Fliggy's number.
    made            TEXT,
    -- The fields of the result that differ from the request; NULL if none do.
    differs         TEXT,
    failure         TEXT
);
INSERT INTO "operations" VALUES('01a21ec7-3ee4-73e6-b0fe-15564d8c06bb',7,3,'book','succeeded',NULL,'default','local','V6-1','reference:default:V6-1',NULL,'book:reference:default:V6-1',NULL,X'5766845011E6012C422C1FD7F45949B80CD2A3465173F9DCD836DDC96DC92538',NULL,X'11B1B117CB10726AECFDB2AF9DD171E89D294447F80B317A5A00F2F136F8A3A8',X'2A8632157E21B46A6CA775AD9231C88C1AD60BB6CD62E9228861C0DC6CFB9436','01a21ec7-3dbe-76e8-b56f-3af6811abd57',1795812703975,'{"kind":"book","out_order_no":"V6-1","total":"1070.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_f114a38c77254c00141d66bf106f309a"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795812703972,1795812703975,327,1795812703977,1795812703990,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21ec7-3dbe-76e8-b56f-3af6811abd57","at_ms":340},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":{"boot":"01a21ec7-3dbe-76e8-b56f-3af6811abd57","at_ms":340},"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359162540728400005","out_order_no":"V6-1","status":"booked","status_text":"生单预定成功","total_price":"1070.00","paid_price":null,"booked_at":"2026-11-28T04:51:43+08:00","pay_before":"2026-11-28T05:21:43+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','book:default:7359162540728400005',NULL,NULL);
INSERT INTO "operations" VALUES('01a21ec7-3eeb-7865-9a42-8bffe230b8bd',3,3,'pay','succeeded',NULL,'default','local','7359162540728400005','order:default:7359162540728400005',NULL,'pay:order:default:7359162540728400005',NULL,NULL,NULL,X'953043038D7804CA646C58C0A4CCA852505FDDF03F4CBFF7EAA29693ED31ADA3',X'CD1CADE944B0DB92E4B787DE24846FE93480D00E9D68CE4BC01F55779356545C','01a21ec7-3dbe-76e8-b56f-3af6811abd57',1795812703982,'{"kind":"pay","order_id":"7359162540728400005","total":"1070.00"}',1795812703979,1795812703981,334,1795812703983,1795812703983,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21ec7-3dbe-76e8-b56f-3af6811abd57","at_ms":335},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":null,"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359162540728400005","out_order_no":"V6-1","status":"paid","status_text":"支付成功","total_price":"1070.00","paid_price":"1070.00","booked_at":"2026-11-28T04:51:43+08:00","pay_before":"2026-11-28T05:21:43+08:00","paid_at":"2026-11-28T04:51:43+08:00","trade_no":"20261128017359162540728400005","alipay_trade_no":"20261128227359162540728400005","passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}',NULL,NULL,NULL);
INSERT INTO "operations" VALUES('01a21ec7-40ed-7a35-9865-b3d163ad1b01',5,3,'refund','succeeded',NULL,'default','local','7359162540728400005','order:default:7359162540728400005',NULL,'refund:order:default:7359162540728400005:V6-R',NULL,NULL,NULL,X'DC1AF9BD7BE304928340F51F67A0BBA2501015F3D4FA85A3C1557BC7515418B0',X'FE00D5B946821CEB991CAB6AAD7999C41D85BD1DE11ACDC579C59A3277C4D7DA','01a21ec7-3dbe-76e8-b56f-3af6811abd57',1795812704497,'{"kind":"refund","order_id":"7359162540728400005","out_refund_no":"V6-R","refund_kind":"voluntary","passengers":["psg_f114a38c77254c00141d66bf106f309a"],"fee":{"known":"123.00"},"with_attachment":false}',1795812704493,1795812704496,849,1795812704498,1795812704507,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21ec7-3dbe-76e8-b56f-3af6811abd57","at_ms":858},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":4,"watched_anchor":{"boot":"01a21ec7-3dbe-76e8-b56f-3af6811abd57","at_ms":858},"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,'{"numbers":[],"travellers":["psg_f114a38c77254c00141d66bf106f309a"]}','{"refund_order_no":"4359162540728400003","order_id":"7359162540728400005","out_refund_no":"V6-R","kind":"voluntary","status":"applied","fee":"123.00","refund_amount":null,"applied_at":null,"refunded_at":null,"attachment_awaited":false,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','refund:default:4359162540728400003',NULL,NULL);
INSERT INTO "operations" VALUES('01a21ec7-40fa-7037-9376-e9b7749e7789',7,3,'book','succeeded',NULL,'default','local','V6-2','reference:default:V6-2',NULL,'book:reference:default:V6-2',NULL,X'5766845011E6012C422C1FD7F45949B80CD2A3465173F9DCD836DDC96DC92538',NULL,X'FADE4E6CA9A507A89BD10674A40A975BD1132455118146080852B96CB3496062',X'E7C7BE55E52C1C3CA13AB068BDBD63AEF91E7ED0C7B6721F72EEE278E71112BC','01a21ec7-3dbe-76e8-b56f-3af6811abd57',1795812704508,'{"kind":"book","out_order_no":"V6-2","total":"1070.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_f114a38c77254c00141d66bf106f309a"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795812704506,1795812704507,860,1795812704514,1795812704528,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21ec7-3dbe-76e8-b56f-3af6811abd57","at_ms":876},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":{"boot":"01a21ec7-3dbe-76e8-b56f-3af6811abd57","at_ms":878},"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359162540728400007","out_order_no":"V6-2","status":"booked","status_text":"生单预定成功","total_price":"1070.00","paid_price":null,"booked_at":"2026-11-28T04:51:44+08:00","pay_before":"2026-11-28T05:21:44+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','book:default:7359162540728400007',NULL,NULL);
INSERT INTO "operations" VALUES('01a21ec7-4104-7623-97d1-c5da26a88eed',3,3,'pay','succeeded',NULL,'default','local','7359162540728400007','order:default:7359162540728400007',NULL,'pay:order:default:7359162540728400007',NULL,NULL,NULL,X'FA13A939F93C8DBFFA1EEF811D9A104777E7EBF0857C33B9C210827EAF47F461',X'C61919BBE64AF19256D6C9887BB91AF46A6200BF02183750C23F71CAA5BE5C80','01a21ec7-3dbe-76e8-b56f-3af6811abd57',1795812704519,'{"kind":"pay","order_id":"7359162540728400007","total":"1070.00"}',1795812704516,1795812704518,871,1795812704521,1795812704521,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21ec7-3dbe-76e8-b56f-3af6811abd57","at_ms":872},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":null,"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359162540728400007","out_order_no":"V6-2","status":"paid","status_text":"支付成功","total_price":"1070.00","paid_price":"1070.00","booked_at":"2026-11-28T04:51:44+08:00","pay_before":"2026-11-28T05:21:44+08:00","paid_at":"2026-11-28T04:51:44+08:00","trade_no":"20261128017359162540728400007","alipay_trade_no":"20261128227359162540728400007","passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}',NULL,NULL,NULL);
INSERT INTO "operations" VALUES('01a21ec7-4306-7c73-a6c1-a341d5a1cf27',3,3,'change','succeeded',NULL,'default','local','7359162540728400007','order:default:7359162540728400007',NULL,'change:order:default:7359162540728400007:V6-C',NULL,NULL,NULL,X'C4B0CF2A440707EDA780E48042EED0752F56BE879ECA82829233EF22A1F81F75',X'9828EC078AABE8514A04614819829038E67359F17E0BB2CB7BC47B986B84EC86','01a21ec7-3dbe-76e8-b56f-3af6811abd57',1795812705034,'{"kind":"change","order_id":"7359162540728400007","out_change_no":"V6-C","passengers":["psg_f114a38c77254c00141d66bf106f309a"],"targets":["CZ8957@2030-05-21T08:45"],"max_total":null}',1795812705030,1795812705033,1386,1795812705035,NULL,'done','{"looks":0,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":null,"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":{"boot":"01a21ec7-3dbe-76e8-b56f-3af6811abd57","at_ms":1388},"last":null,"recorded":null}',1795812710036,1795899105036,NULL,0,NULL,NULL,'{"numbers":[],"travellers":["psg_f114a38c77254c00141d66bf106f309a"]}','{"change_order_no":"5359162540728400003","order_id":"7359162540728400007","out_change_no":"V6-C","status":"awaiting_payment","total_price":"140.00","fee_above_limit":null,"pay_before":"2026-11-28T05:21:45+08:00","paid_at":null,"trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','change:default:5359162540728400003',NULL,NULL);
INSERT INTO "operations" VALUES('01a21ec7-4311-7567-a192-6e6342ade4c0',5,3,'book','succeeded',NULL,'default','local','V6-3','reference:default:V6-3',NULL,'book:reference:default:V6-3',NULL,X'5766845011E6012C422C1FD7F45949B80CD2A3465173F9DCD836DDC96DC92538',NULL,X'89EC78036C1B0E30C01CAAEF3D8C6E00C91EACC40AF0521DD21F953511B47454',X'BCDBA3FBCFE79322C7F10FBA4E211CB80EC2F7A7BC432514702AECFF554AFA90','01a21ec7-3dbe-76e8-b56f-3af6811abd57',1795812705043,'{"kind":"book","out_order_no":"V6-3","total":"1070.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_f114a38c77254c00141d66bf106f309a"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795812705041,1795812705043,1395,1795812705044,1795812705056,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21ec7-3dbe-76e8-b56f-3af6811abd57","at_ms":1406},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":4,"watched_anchor":{"boot":"01a21ec7-3dbe-76e8-b56f-3af6811abd57","at_ms":1406},"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359162540728400009","out_order_no":"V6-3","status":"booked","status_text":"生单预定成功","total_price":"1070.00","paid_price":null,"booked_at":"2026-11-28T04:51:45+08:00","pay_before":"2026-11-28T05:21:45+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','book:default:7359162540728400009',NULL,NULL);
INSERT INTO "operations" VALUES('01a21ec7-4316-7542-81ea-e882e7c475de',3,3,'close','succeeded',NULL,'default','local','7359162540728400009','order:default:7359162540728400009',NULL,'close:order:default:7359162540728400009',NULL,NULL,NULL,X'EF28014EF7377495D5ED4BBDC9CEA9ED8F46D0102503372F4FE95A9448B4F054',X'ADE7A71EF7760ADA806EBD5646C87FEA3C3CF6930F62B7AB95925D41698F3464','01a21ec7-3dbe-76e8-b56f-3af6811abd57',1795812705049,'{"kind":"close","order_id":"7359162540728400009"}',1795812705046,1795812705048,1401,1795812705050,NULL,'done','{"looks":0,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":null,"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":{"boot":"01a21ec7-3dbe-76e8-b56f-3af6811abd57","at_ms":1402},"last":null,"recorded":null}',1795812710050,1795899105050,NULL,0,NULL,NULL,NULL,'{"order_id":"7359162540728400009","out_order_no":"V6-3","status":"closed","status_text":"已关闭","total_price":"1070.00","paid_price":null,"booked_at":"2026-11-28T04:51:45+08:00","pay_before":"2026-11-28T05:21:45+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}',NULL,NULL,NULL);
INSERT INTO "operations" VALUES('01a21ec7-4321-7ad9-bf60-ca7afab2df92',5,3,'book','succeeded',NULL,'default','local','V6-4','reference:default:V6-4',NULL,'book:reference:default:V6-4',NULL,X'5766845011E6012C422C1FD7F45949B80CD2A3465173F9DCD836DDC96DC92538',NULL,X'B01E2E61AB99148FD3A1F731BCCDC4ABB09B96D6EA046360A4CE414B819D167E',X'15D1E85DFF31127DDC9D37F34C454554A7558FE0F852AD4F08887449122FB849','01a21ec7-3dbe-76e8-b56f-3af6811abd57',1795812705059,'{"kind":"book","out_order_no":"V6-4","total":"1070.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_f114a38c77254c00141d66bf106f309a"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795812705057,1795812705058,1411,1795812705059,1795812705065,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21ec7-3dbe-76e8-b56f-3af6811abd57","at_ms":1417},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":2,"watched_anchor":{"boot":"01a21ec7-3dbe-76e8-b56f-3af6811abd57","at_ms":1417},"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359162540728400011","out_order_no":"V6-4","status":"booked","status_text":"生单预定成功","total_price":"1070.00","paid_price":null,"booked_at":"2026-11-28T04:51:45+08:00","pay_before":"2026-11-28T05:21:45+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','book:default:7359162540728400011',NULL,NULL);
CREATE TABLE orders (
    account         TEXT    NOT NULL,
    order_id        TEXT    NOT NULL,
    out_order_no    TEXT    NOT NULL,
    owner           TEXT    NOT NULL,
    last_departure  TEXT,
    booked_at       INTEGER NOT NULL,
    -- The booking.
    operation_id    TEXT    NOT NULL,
    PRIMARY KEY (account, order_id)
) WITHOUT ROWID;
INSERT INTO "orders" VALUES('default','7359162540728400005','V6-1','local','2030-05-20T08:45:00+08:00',1795812703972,'01a21ec7-3ee4-73e6-b0fe-15564d8c06bb');
INSERT INTO "orders" VALUES('default','7359162540728400007','V6-2','local','2030-05-21T08:45:00+08:00',1795812704506,'01a21ec7-40fa-7037-9376-e9b7749e7789');
INSERT INTO "orders" VALUES('default','7359162540728400009','V6-3','local','2030-05-20T08:45:00+08:00',1795812705041,'01a21ec7-4311-7567-a192-6e6342ade4c0');
INSERT INTO "orders" VALUES('default','7359162540728400011','V6-4','local','2030-05-20T08:45:00+08:00',1795812705057,'01a21ec7-4321-7ad9-bf60-ca7afab2df92');
CREATE TABLE proofs (
    account         TEXT    NOT NULL,
    lookup          TEXT    NOT NULL,
    key             TEXT    NOT NULL,
    session         TEXT,
    at              INTEGER NOT NULL,
    PRIMARY KEY (account, lookup)
) WITHOUT ROWID;
INSERT INTO "proofs" VALUES('default','changes_of_order','7359162540728400007',NULL,0);
INSERT INTO "proofs" VALUES('default','order_by_reference','V6-4','5042958c620fa79d71c408a27fae5cf7',1795812705066);
INSERT INTO "proofs" VALUES('default','refunds_of_order','7359162540728400005','5042958c620fa79d71c408a27fae5cf7',1795812704507);
CREATE TABLE timeline (
    operation_id    TEXT    NOT NULL,
    seq             INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    state           TEXT    NOT NULL,
    what            TEXT    NOT NULL,
    PRIMARY KEY (operation_id, seq)
) WITHOUT ROWID;
INSERT INTO "timeline" VALUES('01a21ec7-3ee4-73e6-b0fe-15564d8c06bb',8,1795812703972,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21ec7-3ee4-73e6-b0fe-15564d8c06bb',16,1795812703975,'sending','sending');
INSERT INTO "timeline" VALUES('01a21ec7-3ee4-73e6-b0fe-15564d8c06bb',24,1795812703977,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a21ec7-3ee4-73e6-b0fe-15564d8c06bb',32,1795812703982,'succeeded','TOP sent the message 3b60a6e2bb4747bb8c2a02e299f718f7 of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a21ec7-3ee4-73e6-b0fe-15564d8c06bb',40,1795812703982,'succeeded','TOP sent the message c2e763a024394248a9dbcdaf4c779074 of alitrip_flight_PayNotification');
INSERT INTO "timeline" VALUES('01a21ec7-3ee4-73e6-b0fe-15564d8c06bb',48,1795812703987,'succeeded','TOP sent the message dccbe39732c741c6a35ef90fe2898e98 of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a21ec7-3ee4-73e6-b0fe-15564d8c06bb',56,1795812703990,'succeeded','lookup 1: found: the order is ticketed; confirmed');
INSERT INTO "timeline" VALUES('01a21ec7-3eeb-7865-9a42-8bffe230b8bd',8,1795812703979,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21ec7-3eeb-7865-9a42-8bffe230b8bd',16,1795812703981,'sending','sending');
INSERT INTO "timeline" VALUES('01a21ec7-3eeb-7865-9a42-8bffe230b8bd',24,1795812703983,'succeeded','upstream reported success; lookup 1: found: the order is paid');
INSERT INTO "timeline" VALUES('01a21ec7-40ed-7a35-9865-b3d163ad1b01',8,1795812704493,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21ec7-40ed-7a35-9865-b3d163ad1b01',16,1795812704496,'sending','sending');
INSERT INTO "timeline" VALUES('01a21ec7-40ed-7a35-9865-b3d163ad1b01',24,1795812704498,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a21ec7-40ed-7a35-9865-b3d163ad1b01',32,1795812704501,'succeeded','TOP sent the message b92b8a7c8f104fbd93312aed43eaf9f2 of alitrip_flight_RefundNotify');
INSERT INTO "timeline" VALUES('01a21ec7-40ed-7a35-9865-b3d163ad1b01',40,1795812704507,'succeeded','lookup 1: found: the refund is refunded; confirmed');
INSERT INTO "timeline" VALUES('01a21ec7-40fa-7037-9376-e9b7749e7789',8,1795812704506,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21ec7-40fa-7037-9376-e9b7749e7789',16,1795812704507,'sending','sending');
INSERT INTO "timeline" VALUES('01a21ec7-40fa-7037-9376-e9b7749e7789',24,1795812704514,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a21ec7-40fa-7037-9376-e9b7749e7789',32,1795812704519,'succeeded','TOP sent the message cde6aaf3792c4068965eaa060bd46d3c of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a21ec7-40fa-7037-9376-e9b7749e7789',40,1795812704522,'succeeded','TOP sent the message 80249aacc6314da78275867d2f66ded8 of alitrip_flight_PayNotification');
INSERT INTO "timeline" VALUES('01a21ec7-40fa-7037-9376-e9b7749e7789',48,1795812704525,'succeeded','TOP sent the message 99d28cd0f8ab447ca57fd75d919664a8 of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a21ec7-40fa-7037-9376-e9b7749e7789',56,1795812704528,'succeeded','lookup 1: found: the order is ticketed; confirmed');
INSERT INTO "timeline" VALUES('01a21ec7-4104-7623-97d1-c5da26a88eed',8,1795812704516,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21ec7-4104-7623-97d1-c5da26a88eed',16,1795812704518,'sending','sending');
INSERT INTO "timeline" VALUES('01a21ec7-4104-7623-97d1-c5da26a88eed',24,1795812704521,'succeeded','upstream reported success; lookup 1: found: the order is paid');
INSERT INTO "timeline" VALUES('01a21ec7-4306-7c73-a6c1-a341d5a1cf27',8,1795812705030,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21ec7-4306-7c73-a6c1-a341d5a1cf27',16,1795812705033,'sending','sending');
INSERT INTO "timeline" VALUES('01a21ec7-4306-7c73-a6c1-a341d5a1cf27',24,1795812705035,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a21ec7-4311-7567-a192-6e6342ade4c0',8,1795812705041,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21ec7-4311-7567-a192-6e6342ade4c0',16,1795812705043,'sending','sending');
INSERT INTO "timeline" VALUES('01a21ec7-4311-7567-a192-6e6342ade4c0',24,1795812705044,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a21ec7-4311-7567-a192-6e6342ade4c0',32,1795812705050,'succeeded','TOP sent the message 69ecfcc2ff6f4245a8d257d494e6a519 of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a21ec7-4311-7567-a192-6e6342ade4c0',40,1795812705056,'succeeded','lookup 1: found: the order is closed; confirmed');
INSERT INTO "timeline" VALUES('01a21ec7-4316-7542-81ea-e882e7c475de',8,1795812705046,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21ec7-4316-7542-81ea-e882e7c475de',16,1795812705048,'sending','sending');
INSERT INTO "timeline" VALUES('01a21ec7-4316-7542-81ea-e882e7c475de',24,1795812705050,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a21ec7-4321-7ad9-bf60-ca7afab2df92',8,1795812705057,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21ec7-4321-7ad9-bf60-ca7afab2df92',16,1795812705058,'sending','sending');
INSERT INTO "timeline" VALUES('01a21ec7-4321-7ad9-bf60-ca7afab2df92',24,1795812705059,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a21ec7-4321-7ad9-bf60-ca7afab2df92',32,1795812705062,'succeeded','TOP sent the message m-2 of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a21ec7-4321-7ad9-bf60-ca7afab2df92',40,1795812705065,'succeeded','lookup 1: found: the order is booked; confirmed');
CREATE INDEX operations_lock_base ON operations (lock_base);
CREATE INDEX operations_done ON operations (done_key);
CREATE INDEX operations_absent ON operations (absent_key);
CREATE INDEX operations_twin ON operations (twin_key);
CREATE INDEX operations_state_kind ON operations (state, kind, id);
CREATE INDEX operations_caller ON operations (caller, id);
CREATE INDEX operations_caller_state_kind ON operations (caller, state, kind, id);
CREATE INDEX operations_subject ON operations (subject, id);
CREATE INDEX operations_due ON operations (next_look_at);
CREATE INDEX operations_made ON operations (made);
CREATE INDEX operations_prune ON operations (prune_at);
CREATE INDEX events_owner ON events (owner, seq);
CREATE INDEX events_kind ON events (kind, seq);
CREATE INDEX events_owner_kind ON events (owner, kind, seq);
CREATE INDEX events_subject ON events (subject, seq);
CREATE INDEX inbox_state ON inbox (state, seq);
CREATE INDEX inbox_delivered ON inbox (state, delivered_at);
CREATE INDEX orders_reference ON orders (out_order_no);
CREATE INDEX orders_operation ON orders (operation_id);
CREATE INDEX attachments_order ON attachments (order_id, account);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',30);
INSERT INTO "sqlite_sequence" VALUES('inbox',12);
COMMIT;
