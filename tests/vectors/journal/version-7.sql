PRAGMA user_version = 7;
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
    -- Whether a message of TOP reported the fact.
    by_message      INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, subject, fact)
);
INSERT INTO "events" VALUES(1,'operation.settled','01a21f7a-f951-7dd4-bdcd-34cea26ab152','succeeded','default','local','01a21f7a-f951-7dd4-bdcd-34cea26ab152',1795824482668,'7359164896421200005','V7-1',0);
INSERT INTO "events" VALUES(2,'order.booked','7359164896421200005','booked','default','local','01a21f7a-f951-7dd4-bdcd-34cea26ab152',1795824482668,'7359164896421200005','V7-1',0);
INSERT INTO "events" VALUES(3,'order.paid','7359164896421200005','paid','default','local',NULL,1795824482684,'7359164896421200005','V7-1',1);
INSERT INTO "events" VALUES(4,'operation.settled','01a21f7a-f973-7b8d-a4ce-6fd8cd8228ee','succeeded','default','local','01a21f7a-f973-7b8d-a4ce-6fd8cd8228ee',1795824482685,'7359164896421200005','V7-1',0);
INSERT INTO "events" VALUES(5,'order.ticketed','7359164896421200005','ticketed','default','local',NULL,1795824482699,'7359164896421200005','V7-1',0);
INSERT INTO "events" VALUES(6,'refund.created','4359164896421200003','created','default','local',NULL,1795824483216,'7359164896421200005','V7-1',0);
INSERT INTO "events" VALUES(7,'operation.settled','01a21f7a-fb8a-7c7e-91d8-3fe5bec060c3','succeeded','default','local','01a21f7a-fb8a-7c7e-91d8-3fe5bec060c3',1795824483219,'7359164896421200005','V7-1',0);
INSERT INTO "events" VALUES(8,'refund.refunded','4359164896421200003','refunded','default','local',NULL,1795824483226,'7359164896421200005','V7-1',0);
INSERT INTO "events" VALUES(9,'operation.settled','01a21f7a-fba3-71c6-9c86-df1f0c32df74','succeeded','default','local','01a21f7a-fba3-71c6-9c86-df1f0c32df74',1795824483241,'7359164896421200007','V7-2',0);
INSERT INTO "events" VALUES(10,'order.booked','7359164896421200007','booked','default','local','01a21f7a-fba3-71c6-9c86-df1f0c32df74',1795824483241,'7359164896421200007','V7-2',0);
INSERT INTO "events" VALUES(11,'order.paid','7359164896421200007','paid','default','local',NULL,1795824483249,'7359164896421200007','V7-2',1);
INSERT INTO "events" VALUES(12,'operation.settled','01a21f7a-fbac-7839-8a7b-5029695fd087','succeeded','default','local','01a21f7a-fbac-7839-8a7b-5029695fd087',1795824483251,'7359164896421200007','V7-2',0);
INSERT INTO "events" VALUES(13,'order.ticketed','7359164896421200007','ticketed','default','local',NULL,1795824483262,'7359164896421200007','V7-2',0);
INSERT INTO "events" VALUES(14,'change.created','5359164896421200003','created','default','local',NULL,1795824483783,'7359164896421200007','V7-2',0);
INSERT INTO "events" VALUES(15,'change.awaiting_payment','5359164896421200003','awaiting_payment','default','local',NULL,1795824483783,'7359164896421200007','V7-2',0);
INSERT INTO "events" VALUES(16,'operation.settled','01a21f7a-fdc0-753e-b1e0-edfaffb115c0','succeeded','default','local','01a21f7a-fdc0-753e-b1e0-edfaffb115c0',1795824483784,'7359164896421200007','V7-2',0);
INSERT INTO "events" VALUES(17,'operation.settled','01a21f7a-fdd3-7275-a229-cf02ab1559ed','succeeded','default','local','01a21f7a-fdd3-7275-a229-cf02ab1559ed',1795824483800,'7359164896421200009','V7-3',0);
INSERT INTO "events" VALUES(18,'order.booked','7359164896421200009','booked','default','local','01a21f7a-fdd3-7275-a229-cf02ab1559ed',1795824483800,'7359164896421200009','V7-3',0);
INSERT INTO "events" VALUES(19,'order.closed','7359164896421200009','closed','default','local',NULL,1795824483809,'7359164896421200009','V7-3',0);
INSERT INTO "events" VALUES(20,'operation.settled','01a21f7a-fddb-7c0c-b750-faeb460de32f','succeeded','default','local','01a21f7a-fddb-7c0c-b750-faeb460de32f',1795824483809,'7359164896421200009','V7-3',0);
INSERT INTO "events" VALUES(21,'operation.settled','01a21f7a-fdec-7191-a9fc-ca9ebb33e643','succeeded','default','local','01a21f7a-fdec-7191-a9fc-ca9ebb33e643',1795824483825,'7359164896421200011','V7-4',0);
INSERT INTO "events" VALUES(22,'order.booked','7359164896421200011','booked','default','local','01a21f7a-fdec-7191-a9fc-ca9ebb33e643',1795824483825,'7359164896421200011','V7-4',0);
INSERT INTO "events" VALUES(23,'order.paid','1234125412','paid','default',NULL,NULL,1795824483829,'1234125412',NULL,0);
INSERT INTO "events" VALUES(24,'order.ticketed','1234125412','ticketed','default',NULL,NULL,1795824483829,'1234125412',NULL,0);
INSERT INTO "events" VALUES(25,'order.paid','7359164896421200011','paid','default','local',NULL,1795824483832,'7359164896421200011','V7-4',1);
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
INSERT INTO "inbox" VALUES(1,'alitrip_flight_TradeNotify','471664c7d7574dae968c73ace477cf27','processed',NULL,NULL,'default',2200000000001,'7359164896421200005',1795824482683,1795824482684,1795824482684,1);
INSERT INTO "inbox" VALUES(2,'alitrip_flight_PayNotification','61ec749c088f4f1785857bf035c244eb','processed',NULL,NULL,'default',2200000000001,'7359164896421200005',1795824482683,1795824482684,1795824482684,1);
INSERT INTO "inbox" VALUES(3,'alitrip_flight_TradeNotify','cecc4a29759e4f17bcdd35ad00da47c1','processed',NULL,NULL,'default',2200000000001,'7359164896421200005',1795824482698,1795824482699,1795824482699,1);
INSERT INTO "inbox" VALUES(4,'alitrip_flight_RefundNotify','10b0953c5a0f4060bbbd0a3da3808729','processed',NULL,NULL,'default',2200000000001,'7359164896421200005',1795824483216,1795824483216,1795824483216,1);
INSERT INTO "inbox" VALUES(5,'alitrip_flight_RefundNotify','b030462586f1441fa4549ed66fd6b531','processed',NULL,NULL,'default',2200000000001,'7359164896421200005',1795824483225,1795824483226,1795824483226,1);
INSERT INTO "inbox" VALUES(6,'alitrip_flight_TradeNotify','c31d2c147b314df2a40889ad383c438a','processed',NULL,NULL,'default',2200000000001,'7359164896421200007',1795824483249,1795824483249,1795824483249,1);
INSERT INTO "inbox" VALUES(7,'alitrip_flight_PayNotification','194a3427c3cc48bcaeda4f25b0559b4b','processed',NULL,NULL,'default',2200000000001,'7359164896421200007',1795824483249,1795824483254,1795824483254,1);
INSERT INTO "inbox" VALUES(8,'alitrip_flight_TradeNotify','8d5e57416f1d4b6494512a5deba45efe','processed',NULL,NULL,'default',2200000000001,'7359164896421200007',1795824483258,1795824483262,1795824483262,1);
INSERT INTO "inbox" VALUES(9,'alitrip_flight_ChangeStatusNotify','ca201dd1ecb14f8080fd8df2674939c8','processed',NULL,NULL,'default',2200000000001,'7359164896421200007',1795824483783,1795824483783,1795824483783,1);
INSERT INTO "inbox" VALUES(10,'alitrip_flight_TradeNotify','9a0ac024cb8042638fcad4d2bbe250ba','processed',NULL,NULL,'default',2200000000001,'7359164896421200009',1795824483809,1795824483809,1795824483809,1);
INSERT INTO "inbox" VALUES(11,'alitrip_flight_TradeNotify','m-1','processed',NULL,NULL,'default',2200000000001,'1234125412',1795824483828,1795824483829,1795824483829,1);
INSERT INTO "inbox" VALUES(12,'alitrip_flight_TradeNotify','m-2','processed',NULL,NULL,'default',2200000000001,'7359164896421200011',1795824483829,1795824483832,1795824483832,1);
CREATE TABLE instances (
    id              TEXT    NOT NULL PRIMARY KEY,
    until_ms        INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO "instances" VALUES('01a21f7a-f759-7f5d-a926-bd9e55f98de3',1795824542156);
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
INSERT INTO "operations" VALUES('01a21f7a-f951-7dd4-bdcd-34cea26ab152',7,3,'book','succeeded',NULL,'default','local','V7-1','reference:default:V7-1',NULL,'book:reference:default:V7-1',NULL,X'5766845011E6012C422C1FD7F45949B80CD2A3465173F9DCD836DDC96DC92538',NULL,X'AA49A33E18CD5D8E603DFB761D36469D427FCEE48C3D580F4241044D43F6F086',X'5E3703573EA58E86C28216525D573B9A9FA66183BC58E84CC9652BD4A4C89885','01a21f7a-f759-7f5d-a926-bd9e55f98de3',1795824482652,'{"kind":"book","out_order_no":"V7-1","total":"1070.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_f114a38c77254c00141d66bf106f309a"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795824482641,1795824482653,544,1795824482668,1795824482706,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21f7a-f759-7f5d-a926-bd9e55f98de3","at_ms":592},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":2,"watched_anchor":{"boot":"01a21f7a-f759-7f5d-a926-bd9e55f98de3","at_ms":592},"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359164896421200005","out_order_no":"V7-1","status":"booked","status_text":"生单预定成功","total_price":"1070.00","paid_price":null,"booked_at":"2026-11-28T08:08:02+08:00","pay_before":"2026-11-28T08:38:02+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','book:default:7359164896421200005',NULL,NULL);
INSERT INTO "operations" VALUES('01a21f7a-f973-7b8d-a4ce-6fd8cd8228ee',3,3,'pay','succeeded',NULL,'default','local','7359164896421200005','order:default:7359164896421200005',NULL,'pay:order:default:7359164896421200005',NULL,NULL,NULL,X'FEE5C1C617F8F0144AB7625CD1A34E0BBE50036BCD0F1E9F0AF1307640DC8D9F',X'50C5461B11802B7B20701144FEEF9DEECBE46B797655C11595BB3300B7735F54','01a21f7a-f759-7f5d-a926-bd9e55f98de3',1795824482681,'{"kind":"pay","order_id":"7359164896421200005","total":"1070.00"}',1795824482675,1795824482682,573,1795824482685,1795824482685,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21f7a-f759-7f5d-a926-bd9e55f98de3","at_ms":575},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":null,"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359164896421200005","out_order_no":"V7-1","status":"paid","status_text":"支付成功","total_price":"1070.00","paid_price":"1070.00","booked_at":"2026-11-28T08:08:02+08:00","pay_before":"2026-11-28T08:38:02+08:00","paid_at":"2026-11-28T08:08:02+08:00","trade_no":"20261128017359164896421200005","alipay_trade_no":"20261128227359164896421200005","passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}',NULL,NULL,NULL);
INSERT INTO "operations" VALUES('01a21f7a-fb8a-7c7e-91d8-3fe5bec060c3',5,3,'refund','succeeded',NULL,'default','local','7359164896421200005','order:default:7359164896421200005',NULL,'refund:order:default:7359164896421200005:V7-R',NULL,NULL,NULL,X'DC1AF9BD7BE304928340F51F67A0BBA2501015F3D4FA85A3C1557BC7515418B0',X'9817D89F0C3D0EF8B65BE5865AA199D40A361700DC0D4E290B1312A7D2D66420','01a21f7a-f759-7f5d-a926-bd9e55f98de3',1795824483214,'{"kind":"refund","order_id":"7359164896421200005","out_refund_no":"V7-R","refund_kind":"voluntary","passengers":["psg_f114a38c77254c00141d66bf106f309a"],"fee":{"known":"123.00"},"with_attachment":false}',1795824483210,1795824483214,1106,1795824483219,1795824483236,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21f7a-f759-7f5d-a926-bd9e55f98de3","at_ms":1125},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":7,"watched_anchor":{"boot":"01a21f7a-f759-7f5d-a926-bd9e55f98de3","at_ms":1125},"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,'{"numbers":[],"travellers":["psg_f114a38c77254c00141d66bf106f309a"]}','{"refund_order_no":"4359164896421200003","order_id":"7359164896421200005","out_refund_no":"V7-R","kind":"voluntary","status":"applied","fee":"123.00","refund_amount":null,"applied_at":null,"refunded_at":null,"attachment_awaited":false,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','refund:default:4359164896421200003',NULL,NULL);
INSERT INTO "operations" VALUES('01a21f7a-fba3-71c6-9c86-df1f0c32df74',7,3,'book','succeeded',NULL,'default','local','V7-2','reference:default:V7-2',NULL,'book:reference:default:V7-2',NULL,X'5766845011E6012C422C1FD7F45949B80CD2A3465173F9DCD836DDC96DC92538',NULL,X'80848EAF3C119EDCB74EA47CE5A975DF415A21B814E6EAF2CB3AD907F423A936',X'3499BE9B066454F570DC68877BCF5FC22058B3878367936C3FE0210C76195C68','01a21f7a-f759-7f5d-a926-bd9e55f98de3',1795824483237,'{"kind":"book","out_order_no":"V7-2","total":"1070.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_f114a38c77254c00141d66bf106f309a"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795824483235,1795824483238,1129,1795824483241,1795824483268,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21f7a-f759-7f5d-a926-bd9e55f98de3","at_ms":1148},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":{"boot":"01a21f7a-f759-7f5d-a926-bd9e55f98de3","at_ms":1153},"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359164896421200007","out_order_no":"V7-2","status":"booked","status_text":"生单预定成功","total_price":"1070.00","paid_price":null,"booked_at":"2026-11-28T08:08:03+08:00","pay_before":"2026-11-28T08:38:03+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','book:default:7359164896421200007',NULL,NULL);
INSERT INTO "operations" VALUES('01a21f7a-fbac-7839-8a7b-5029695fd087',3,3,'pay','succeeded',NULL,'default','local','7359164896421200007','order:default:7359164896421200007',NULL,'pay:order:default:7359164896421200007',NULL,NULL,NULL,X'0D55708A7F683ED0EBAD07BF083210F19EBAB0649801F9B927EB520AAA247154',X'8BA087967333645459227F44B1B2F511E260714C21720F7C68307959589FFED3','01a21f7a-f759-7f5d-a926-bd9e55f98de3',1795824483247,'{"kind":"pay","order_id":"7359164896421200007","total":"1070.00"}',1795824483244,1795824483248,1139,1795824483251,1795824483251,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21f7a-f759-7f5d-a926-bd9e55f98de3","at_ms":1141},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":null,"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359164896421200007","out_order_no":"V7-2","status":"paid","status_text":"支付成功","total_price":"1070.00","paid_price":"1070.00","booked_at":"2026-11-28T08:08:03+08:00","pay_before":"2026-11-28T08:38:03+08:00","paid_at":"2026-11-28T08:08:03+08:00","trade_no":"20261128017359164896421200007","alipay_trade_no":"20261128227359164896421200007","passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}',NULL,NULL,NULL);
INSERT INTO "operations" VALUES('01a21f7a-fdc0-753e-b1e0-edfaffb115c0',3,3,'change','succeeded',NULL,'default','local','7359164896421200007','order:default:7359164896421200007',NULL,'change:order:default:7359164896421200007:V7-C',NULL,NULL,NULL,X'C4B0CF2A440707EDA780E48042EED0752F56BE879ECA82829233EF22A1F81F75',X'375C43C3B3DF5F6E56DFED17936B2BFFBFFB3956D67EA8BA3FF29CCB7E1AD08E','01a21f7a-f759-7f5d-a926-bd9e55f98de3',1795824483780,'{"kind":"change","order_id":"7359164896421200007","out_change_no":"V7-C","passengers":["psg_f114a38c77254c00141d66bf106f309a"],"targets":["CZ8957@2030-05-21T08:45"],"max_total":null}',1795824483776,1795824483781,1672,1795824483784,NULL,'done','{"looks":0,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":null,"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":{"boot":"01a21f7a-f759-7f5d-a926-bd9e55f98de3","at_ms":1675},"last":null,"recorded":null}',1795824488783,1795910883783,NULL,0,NULL,NULL,'{"numbers":[],"travellers":["psg_f114a38c77254c00141d66bf106f309a"]}','{"change_order_no":"5359164896421200003","order_id":"7359164896421200007","out_change_no":"V7-C","status":"awaiting_payment","total_price":"140.00","fee_above_limit":null,"pay_before":"2026-11-28T08:38:03+08:00","paid_at":null,"trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','change:default:5359164896421200003',NULL,NULL);
INSERT INTO "operations" VALUES('01a21f7a-fdd3-7275-a229-cf02ab1559ed',5,3,'book','succeeded',NULL,'default','local','V7-3','reference:default:V7-3',NULL,'book:reference:default:V7-3',NULL,X'5766845011E6012C422C1FD7F45949B80CD2A3465173F9DCD836DDC96DC92538',NULL,X'0688BF836FFEAA80BDBA910A302342708E1F40976647D499948D55BD661AF92C',X'4DD6CAA41ABF05D25DA458F4261F34D082E4DF4FD51BAEFC89736CD6088D6604','01a21f7a-f759-7f5d-a926-bd9e55f98de3',1795824483797,'{"kind":"book","out_order_no":"V7-3","total":"1070.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_f114a38c77254c00141d66bf106f309a"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795824483795,1795824483797,1689,1795824483800,1795824483815,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21f7a-f759-7f5d-a926-bd9e55f98de3","at_ms":1705},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":5,"watched_anchor":{"boot":"01a21f7a-f759-7f5d-a926-bd9e55f98de3","at_ms":1705},"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359164896421200009","out_order_no":"V7-3","status":"booked","status_text":"生单预定成功","total_price":"1070.00","paid_price":null,"booked_at":"2026-11-28T08:08:03+08:00","pay_before":"2026-11-28T08:38:03+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','book:default:7359164896421200009',NULL,NULL);
INSERT INTO "operations" VALUES('01a21f7a-fddb-7c0c-b750-faeb460de32f',3,3,'close','succeeded',NULL,'default','local','7359164896421200009','order:default:7359164896421200009',NULL,'close:order:default:7359164896421200009',NULL,NULL,NULL,X'EF28014EF7377495D5ED4BBDC9CEA9ED8F46D0102503372F4FE95A9448B4F054',X'C1654F77928724E26BEC668291FEB77DABED5B4C2BD22F97B9FA50DB44E587BC','01a21f7a-f759-7f5d-a926-bd9e55f98de3',1795824483805,'{"kind":"close","order_id":"7359164896421200009"}',1795824483803,1795824483806,1697,1795824483809,NULL,'done','{"looks":0,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":null,"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":{"boot":"01a21f7a-f759-7f5d-a926-bd9e55f98de3","at_ms":1701},"last":null,"recorded":null}',1795824488809,1795910883809,NULL,0,NULL,NULL,NULL,'{"order_id":"7359164896421200009","out_order_no":"V7-3","status":"closed","status_text":"已关闭","total_price":"1070.00","paid_price":null,"booked_at":"2026-11-28T08:08:03+08:00","pay_before":"2026-11-28T08:38:03+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}',NULL,NULL,NULL);
INSERT INTO "operations" VALUES('01a21f7a-fdec-7191-a9fc-ca9ebb33e643',5,3,'book','succeeded',NULL,'default','local','V7-4','reference:default:V7-4',NULL,'book:reference:default:V7-4',NULL,X'5766845011E6012C422C1FD7F45949B80CD2A3465173F9DCD836DDC96DC92538',NULL,X'0CB446AD048E70ADEC0D9059FEEAE9C83CF338AB6BE9936A737604B99D3BEAF8',X'BACCE6499EE1605D8F03D67DB9BF5121070A731EBC651DCCB60E062D7C117879','01a21f7a-f759-7f5d-a926-bd9e55f98de3',1795824483822,'{"kind":"book","out_order_no":"V7-4","total":"1070.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_f114a38c77254c00141d66bf106f309a"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795824483820,1795824483822,1714,1795824483825,1795824483838,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21f7a-f759-7f5d-a926-bd9e55f98de3","at_ms":1727},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":4,"watched_anchor":{"boot":"01a21f7a-f759-7f5d-a926-bd9e55f98de3","at_ms":1727},"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359164896421200011","out_order_no":"V7-4","status":"booked","status_text":"生单预定成功","total_price":"1070.00","paid_price":null,"booked_at":"2026-11-28T08:08:03+08:00","pay_before":"2026-11-28T08:38:03+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','book:default:7359164896421200011',NULL,NULL);
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
INSERT INTO "orders" VALUES('default','7359164896421200005','V7-1','local','2030-05-20T08:45:00+08:00',1795824482641,'01a21f7a-f951-7dd4-bdcd-34cea26ab152');
INSERT INTO "orders" VALUES('default','7359164896421200007','V7-2','local','2030-05-21T08:45:00+08:00',1795824483235,'01a21f7a-fba3-71c6-9c86-df1f0c32df74');
INSERT INTO "orders" VALUES('default','7359164896421200009','V7-3','local','2030-05-20T08:45:00+08:00',1795824483795,'01a21f7a-fdd3-7275-a229-cf02ab1559ed');
INSERT INTO "orders" VALUES('default','7359164896421200011','V7-4','local','2030-05-20T08:45:00+08:00',1795824483820,'01a21f7a-fdec-7191-a9fc-ca9ebb33e643');
CREATE TABLE proofs (
    account         TEXT    NOT NULL,
    lookup          TEXT    NOT NULL,
    key             TEXT    NOT NULL,
    session         TEXT,
    at              INTEGER NOT NULL,
    PRIMARY KEY (account, lookup)
) WITHOUT ROWID;
INSERT INTO "proofs" VALUES('default','changes_of_order','7359164896421200007',NULL,0);
INSERT INTO "proofs" VALUES('default','order_by_reference','V7-4','5042958c620fa79d71c408a27fae5cf7',1795824483837);
INSERT INTO "proofs" VALUES('default','refunds_of_order','7359164896421200005','5042958c620fa79d71c408a27fae5cf7',1795824483235);
CREATE TABLE resources (
    account         TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    number          TEXT    NOT NULL,
    order_id        TEXT,
    owner           TEXT    NOT NULL,
    -- The types of the events that were told, a JSON list.
    told            TEXT    NOT NULL,
    -- Whether they include the last usual one.
    finished        INTEGER NOT NULL,
    -- When the last of them was told, and when the resource is read next (NULL: not any more), in store time.
    changed_at      INTEGER NOT NULL,
    next_read_at    INTEGER,
    PRIMARY KEY (account, kind, number)
) WITHOUT ROWID;
INSERT INTO "resources" VALUES('default','change','5359164896421200003','7359164896421200007','local','["change.created","change.awaiting_payment"]',0,1795824483783,1795824485783);
INSERT INTO "resources" VALUES('default','order','7359164896421200005','7359164896421200005','local','["order.booked","order.paid","order.ticketed"]',1,1795824482698,1795910882698);
INSERT INTO "resources" VALUES('default','order','7359164896421200007','7359164896421200007','local','["order.booked","order.paid","order.ticketed"]',1,1795824483261,1795910883261);
INSERT INTO "resources" VALUES('default','order','7359164896421200009','7359164896421200009','local','["order.booked","order.closed"]',1,1795824483809,1795910883809);
INSERT INTO "resources" VALUES('default','order','7359164896421200011','7359164896421200011','local','["order.booked","order.paid"]',0,1795824483831,1795824485831);
INSERT INTO "resources" VALUES('default','refund','4359164896421200003','7359164896421200005','local','["refund.created","refund.refunded"]',1,1795824483226,1795910883226);
CREATE TABLE timeline (
    operation_id    TEXT    NOT NULL,
    seq             INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    state           TEXT    NOT NULL,
    what            TEXT    NOT NULL,
    PRIMARY KEY (operation_id, seq)
) WITHOUT ROWID;
INSERT INTO "timeline" VALUES('01a21f7a-f951-7dd4-bdcd-34cea26ab152',8,1795824482641,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21f7a-f951-7dd4-bdcd-34cea26ab152',16,1795824482653,'sending','sending');
INSERT INTO "timeline" VALUES('01a21f7a-f951-7dd4-bdcd-34cea26ab152',24,1795824482668,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a21f7a-f951-7dd4-bdcd-34cea26ab152',32,1795824482684,'succeeded','TOP sent the message 471664c7d7574dae968c73ace477cf27 of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a21f7a-f951-7dd4-bdcd-34cea26ab152',40,1795824482684,'succeeded','TOP sent the message 61ec749c088f4f1785857bf035c244eb of alitrip_flight_PayNotification');
INSERT INTO "timeline" VALUES('01a21f7a-f951-7dd4-bdcd-34cea26ab152',48,1795824482699,'succeeded','TOP sent the message cecc4a29759e4f17bcdd35ad00da47c1 of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a21f7a-f951-7dd4-bdcd-34cea26ab152',56,1795824482706,'succeeded','lookup 1: found: the order is ticketed; confirmed');
INSERT INTO "timeline" VALUES('01a21f7a-f973-7b8d-a4ce-6fd8cd8228ee',8,1795824482675,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21f7a-f973-7b8d-a4ce-6fd8cd8228ee',16,1795824482682,'sending','sending');
INSERT INTO "timeline" VALUES('01a21f7a-f973-7b8d-a4ce-6fd8cd8228ee',24,1795824482685,'succeeded','upstream reported success; lookup 1: found: the order is paid');
INSERT INTO "timeline" VALUES('01a21f7a-fb8a-7c7e-91d8-3fe5bec060c3',8,1795824483210,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21f7a-fb8a-7c7e-91d8-3fe5bec060c3',16,1795824483214,'sending','sending');
INSERT INTO "timeline" VALUES('01a21f7a-fb8a-7c7e-91d8-3fe5bec060c3',24,1795824483219,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a21f7a-fb8a-7c7e-91d8-3fe5bec060c3',32,1795824483226,'succeeded','TOP sent the message b030462586f1441fa4549ed66fd6b531 of alitrip_flight_RefundNotify');
INSERT INTO "timeline" VALUES('01a21f7a-fb8a-7c7e-91d8-3fe5bec060c3',40,1795824483236,'succeeded','lookup 1: found: the refund is refunded; confirmed');
INSERT INTO "timeline" VALUES('01a21f7a-fba3-71c6-9c86-df1f0c32df74',8,1795824483235,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21f7a-fba3-71c6-9c86-df1f0c32df74',16,1795824483238,'sending','sending');
INSERT INTO "timeline" VALUES('01a21f7a-fba3-71c6-9c86-df1f0c32df74',24,1795824483241,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a21f7a-fba3-71c6-9c86-df1f0c32df74',32,1795824483249,'succeeded','TOP sent the message c31d2c147b314df2a40889ad383c438a of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a21f7a-fba3-71c6-9c86-df1f0c32df74',40,1795824483254,'succeeded','TOP sent the message 194a3427c3cc48bcaeda4f25b0559b4b of alitrip_flight_PayNotification');
INSERT INTO "timeline" VALUES('01a21f7a-fba3-71c6-9c86-df1f0c32df74',48,1795824483262,'succeeded','TOP sent the message 8d5e57416f1d4b6494512a5deba45efe of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a21f7a-fba3-71c6-9c86-df1f0c32df74',56,1795824483268,'succeeded','lookup 1: found: the order is paid; confirmed');
INSERT INTO "timeline" VALUES('01a21f7a-fbac-7839-8a7b-5029695fd087',8,1795824483244,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21f7a-fbac-7839-8a7b-5029695fd087',16,1795824483248,'sending','sending');
INSERT INTO "timeline" VALUES('01a21f7a-fbac-7839-8a7b-5029695fd087',24,1795824483251,'succeeded','upstream reported success; lookup 1: found: the order is paid');
INSERT INTO "timeline" VALUES('01a21f7a-fdc0-753e-b1e0-edfaffb115c0',8,1795824483776,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21f7a-fdc0-753e-b1e0-edfaffb115c0',16,1795824483781,'sending','sending');
INSERT INTO "timeline" VALUES('01a21f7a-fdc0-753e-b1e0-edfaffb115c0',24,1795824483784,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a21f7a-fdd3-7275-a229-cf02ab1559ed',8,1795824483795,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21f7a-fdd3-7275-a229-cf02ab1559ed',16,1795824483797,'sending','sending');
INSERT INTO "timeline" VALUES('01a21f7a-fdd3-7275-a229-cf02ab1559ed',24,1795824483800,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a21f7a-fdd3-7275-a229-cf02ab1559ed',32,1795824483809,'succeeded','TOP sent the message 9a0ac024cb8042638fcad4d2bbe250ba of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a21f7a-fdd3-7275-a229-cf02ab1559ed',40,1795824483815,'succeeded','lookup 1: found: the order is closed; confirmed');
INSERT INTO "timeline" VALUES('01a21f7a-fddb-7c0c-b750-faeb460de32f',8,1795824483803,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21f7a-fddb-7c0c-b750-faeb460de32f',16,1795824483806,'sending','sending');
INSERT INTO "timeline" VALUES('01a21f7a-fddb-7c0c-b750-faeb460de32f',24,1795824483809,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a21f7a-fdec-7191-a9fc-ca9ebb33e643',8,1795824483820,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21f7a-fdec-7191-a9fc-ca9ebb33e643',16,1795824483822,'sending','sending');
INSERT INTO "timeline" VALUES('01a21f7a-fdec-7191-a9fc-ca9ebb33e643',24,1795824483825,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a21f7a-fdec-7191-a9fc-ca9ebb33e643',32,1795824483832,'succeeded','TOP sent the message m-2 of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a21f7a-fdec-7191-a9fc-ca9ebb33e643',40,1795824483838,'succeeded','lookup 1: found: the order is booked; confirmed');
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
CREATE INDEX resources_due ON resources (finished, kind, next_read_at);
CREATE INDEX attachments_order ON attachments (order_id, account);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',25);
INSERT INTO "sqlite_sequence" VALUES('inbox',12);
COMMIT;
