PRAGMA user_version = 2;
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
    operation_id    TEXT    NOT NULL,
    at              INTEGER NOT NULL,
    UNIQUE (kind, subject, fact)
);
INSERT INTO "events" VALUES(1,'operation_settled','01a21930-a926-7da5-8ce4-7bc184c234f6','succeeded','01a21930-a926-7da5-8ce4-7bc184c234f6',1795718949170);
INSERT INTO "events" VALUES(2,'order_booked','7359143789775800003','booked','01a21930-a926-7da5-8ce4-7bc184c234f6',1795718949170);
INSERT INTO "events" VALUES(3,'operation_settled','01a21930-a936-750c-b011-6de0529a1f00','succeeded','01a21930-a936-750c-b011-6de0529a1f00',1795718949191);
INSERT INTO "events" VALUES(4,'order_paid','7359143789775800003','paid','01a21930-a936-750c-b011-6de0529a1f00',1795718949191);
INSERT INTO "events" VALUES(5,'operation_settled','01a21930-a95d-714d-9878-70f9f10e3333','succeeded','01a21930-a95d-714d-9878-70f9f10e3333',1795718949223);
INSERT INTO "events" VALUES(6,'refund_applied','4359143789775800003','applied','01a21930-a95d-714d-9878-70f9f10e3333',1795718949223);
INSERT INTO "events" VALUES(7,'operation_settled','01a21930-a96f-74c3-a6e2-0665505cf8d3','succeeded','01a21930-a96f-74c3-a6e2-0665505cf8d3',1795718949242);
INSERT INTO "events" VALUES(8,'change_created','5359143789775800003','created','01a21930-a96f-74c3-a6e2-0665505cf8d3',1795718949242);
INSERT INTO "events" VALUES(9,'operation_settled','01a21930-a983-78b4-9d30-f5d03c03a1bd','succeeded','01a21930-a983-78b4-9d30-f5d03c03a1bd',1795718949263);
INSERT INTO "events" VALUES(10,'order_booked','7359143789775800005','booked','01a21930-a983-78b4-9d30-f5d03c03a1bd',1795718949263);
INSERT INTO "events" VALUES(11,'operation_unknown','01a21930-a99f-7946-b93e-85bfe79e8d6c','unknown','01a21930-a99f-7946-b93e-85bfe79e8d6c',1795718949298);
CREATE TABLE meta (
    name            TEXT    NOT NULL PRIMARY KEY,
    value           BLOB    NOT NULL
) WITHOUT ROWID;
INSERT INTO "meta" VALUES('hash_key_check',X'6A042F9C85C5876C09AC2D54E7C9E146E0EC7DC9FE9203385973D9A79041B42B');
CREATE TABLE operations (
    id              TEXT    NOT NULL PRIMARY KEY,
    version         INTEGER NOT NULL,
    kind            TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    basis           TEXT,
    account         TEXT    NOT NULL,
    caller          TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    -- The subject's lock; lock_key is the same while the operation is open, and empty after.
    lock_base       TEXT    NOT NULL,
    lock_key        TEXT    UNIQUE,
    -- Set when it was done, or ended absent: what a later one on the same subject asks for. Refunds and
    -- changes are done once by the caller's number.
    done_key        TEXT,
    absent_key      TEXT,
    -- The same passengers on the same segments; twin_key is the same while that stands against
    -- another booking, so that its index stays small: these are hashes, and in an index of all that
    -- was ever booked each would be on a page of its own.
    duplicate       BLOB,
    twin_key        BLOB,
    -- Empty when the key is free again.
    idempotency     BLOB    UNIQUE,
    fingerprint     BLOB    NOT NULL,
    boot            TEXT    NOT NULL,
    touched_ms      INTEGER NOT NULL,
    intent          TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    sent_at         INTEGER,
    sent_steady_ms  INTEGER,
    settled_at      INTEGER,
    claim           TEXT    NOT NULL,
    findings        TEXT    NOT NULL,
    next_look_at    INTEGER,
    watch_until     INTEGER,
    -- When an operation that sent nothing is deleted.
    prune_at        INTEGER,
    contradicted    INTEGER NOT NULL,
    retry_of        TEXT,
    -- Of a refund or change: how its order stood before the send. Empty for others.
    baseline        TEXT,
    result          TEXT,
    failure         TEXT
);
INSERT INTO "operations" VALUES('01a21930-a926-7da5-8ce4-7bc184c234f6',3,'book','succeeded',NULL,'default','local','V2-1','reference:default:V2-1',NULL,'book:reference:default:V2-1',NULL,X'83F3D5A1C0B6989F0A41DC82650A0302FC2A73BB3907DC81AEF97F0D0BF8647A',NULL,X'42D9BB1751791658C01331FF12E0AA44461D4315F557D7A997C8A5F44C993E2F',X'09E4E1CC3F69FAF8D234AF3BFA9D95B0DAE7FDC74E3ED245F2B9B133CE64ECF2','01a21930-a880-7c9b-8e45-e0a0f144c7dd',1795718949166,'{"kind":"book","out_order_no":"V2-1","total":"1580.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}',1795718949158,1795718949167,286,1795718949170,'done','{"looks":0,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":null,"absent_anchor":null,"agreeing_anchor":null,"refuting_anchor":null,"last":null}',NULL,NULL,NULL,0,NULL,NULL,'{"order_id":"7359143789775800003","out_order_no":"V2-1","status":"booked","status_text":"生单预定成功","total_price":"1580.00","paid_price":null,"booked_at":"2026-11-27T02:49:09+08:00","pay_before":"2026-11-27T03:19:09+08:00","paid_at":null,"trade_no":null}',NULL);
INSERT INTO "operations" VALUES('01a21930-a936-750c-b011-6de0529a1f00',3,'pay','succeeded',NULL,'default','local','7359143789775800003','order:default:7359143789775800003',NULL,'pay:order:default:7359143789775800003',NULL,NULL,NULL,X'D0B43E0B93A252FAD109001744DA40E8BD9F7B64C3F4C1E9B697EA7B397E4A1F',X'886578F4F5F3A858EA009CA95C42F6873353C04686C60A41A13CF669E421EEF7','01a21930-a880-7c9b-8e45-e0a0f144c7dd',1795718949180,'{"kind":"pay","order_id":"7359143789775800003","total":"1580.00"}',1795718949174,1795718949180,300,1795718949191,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21930-a880-7c9b-8e45-e0a0f144c7dd","at_ms":309},"absent_anchor":null,"agreeing_anchor":null,"refuting_anchor":null,"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,'{"order_id":"7359143789775800003","out_order_no":"V2-1","status":"paid","status_text":"支付成功","total_price":"1580.00","paid_price":"1580.00","booked_at":"2026-11-27T02:49:09+08:00","pay_before":"2026-11-27T03:19:09+08:00","paid_at":"2026-11-27T02:49:09+08:00","trade_no":"20261127017359143789775800003"}',NULL);
INSERT INTO "operations" VALUES('01a21930-a95d-714d-9878-70f9f10e3333',3,'refund','succeeded',NULL,'default','local','7359143789775800003','order:default:7359143789775800003',NULL,'refund:order:default:7359143789775800003:V2-R-1',NULL,NULL,NULL,X'0C670E8ED6ACA557DEE408FBB9808BC6F8021FEA9B056BA95CBA646C26E150C1',X'338591CFA34AF6BBC879B5C6F3E07AC194F3DC181FAF42F1274B0AE69E0444CB','01a21930-a880-7c9b-8e45-e0a0f144c7dd',1795718949219,'{"kind":"refund","order_id":"7359143789775800003","out_refund_no":"V2-R-1","refund_kind":"voluntary","passengers":["psg_3eafe91b757824dbb04dc93d5f71ff23"],"fee":{"known":"123.00"},"with_attachment":false}',1795718949213,1795718949219,339,1795718949223,'done','{"looks":0,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":null,"absent_anchor":null,"agreeing_anchor":null,"refuting_anchor":null,"last":null}',NULL,NULL,NULL,0,NULL,'{"numbers":[],"travellers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}','{"refund_order_no":"4359143789775800003","order_id":"7359143789775800003","out_refund_no":"V2-R-1","kind":"voluntary","status":"applied","fee":"123.00","refund_amount":null,"applied_at":null,"refunded_at":null,"attachment_awaited":false}',NULL);
INSERT INTO "operations" VALUES('01a21930-a96f-74c3-a6e2-0665505cf8d3',3,'change','succeeded',NULL,'default','local','7359143789775800003','order:default:7359143789775800003',NULL,'change:order:default:7359143789775800003:V2-C-1',NULL,NULL,NULL,X'5F0FC330080775355C8B45419CD8251FF88A3273416BE5F4FFF994E109BAE3D8',X'AE0957186952055F6272F2FCBD9F1595D198AD17445A3427AC2797027D99872C','01a21930-a880-7c9b-8e45-e0a0f144c7dd',1795718949238,'{"kind":"change","order_id":"7359143789775800003","out_change_no":"V2-C-1","passengers":["psg_5f2d6bca84f0018e7309e3fc11a60613"],"targets":["CZ8957@2030-05-21T08:45"],"max_total":null}',1795718949231,1795718949238,358,1795718949242,'done','{"looks":0,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":null,"absent_anchor":null,"agreeing_anchor":null,"refuting_anchor":null,"last":null}',NULL,NULL,NULL,0,NULL,'{"numbers":[],"travellers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}','{"change_order_no":"5359143789775800003","order_id":"7359143789775800003","out_change_no":"V2-C-1","status":"awaiting_payment","total_price":"65.00","fee_above_limit":null,"pay_before":"2026-11-27T03:19:09+08:00","paid_at":null,"trade_no":null}',NULL);
INSERT INTO "operations" VALUES('01a21930-a983-78b4-9d30-f5d03c03a1bd',3,'book','succeeded',NULL,'default','local','V2-2','reference:default:V2-2',NULL,'book:reference:default:V2-2',NULL,X'83F3D5A1C0B6989F0A41DC82650A0302FC2A73BB3907DC81AEF97F0D0BF8647A',NULL,X'2DAD7E70525ED9CB3EB6CF85B88F1AECAEE07DDBC72B5785880EDABA3821AB27',X'9D277B3B7A190EA7FF8DD2CA7FE89534CA55F6BB85A5AFF345333A7526F1C3A6','01a21930-a880-7c9b-8e45-e0a0f144c7dd',1795718949259,'{"kind":"book","out_order_no":"V2-2","total":"1580.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}',1795718949251,1795718949260,379,1795718949263,'done','{"looks":0,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":null,"absent_anchor":null,"agreeing_anchor":null,"refuting_anchor":null,"last":null}',NULL,NULL,NULL,0,NULL,NULL,'{"order_id":"7359143789775800005","out_order_no":"V2-2","status":"booked","status_text":"生单预定成功","total_price":"1580.00","paid_price":null,"booked_at":"2026-11-27T02:49:09+08:00","pay_before":"2026-11-27T03:19:09+08:00","paid_at":null,"trade_no":null}',NULL);
INSERT INTO "operations" VALUES('01a21930-a99f-7946-b93e-85bfe79e8d6c',9,'pay','unknown',NULL,'default','local','7359143789775800005','order:default:7359143789775800005','order:default:7359143789775800005',NULL,NULL,NULL,NULL,X'6429D4359EF0E06B2ABD8F1CBBC2116672E3A5BE9836B6BA6C5812714929C4EC',X'566690298E930FF8E2FCB71B35F53FF1A764E4434988F0C54F78C815654B3CA4','01a21930-a880-7c9b-8e45-e0a0f144c7dd',1795718949292,'{"kind":"pay","order_id":"7359143789775800005","total":"1580.00"}',1795718949279,1795718949292,412,NULL,'silence','{"looks":6,"absent":1,"agreeing":5,"refuting":0,"absent_ms":0,"looked_ms":7140,"anchor":{"boot":"01a21930-a880-7c9b-8e45-e0a0f144c7dd","at_ms":7762},"absent_anchor":{"boot":"01a21930-a880-7c9b-8e45-e0a0f144c7dd","at_ms":7762},"agreeing_anchor":{"boot":"01a21930-a880-7c9b-8e45-e0a0f144c7dd","at_ms":7762},"refuting_anchor":null,"last":"not_happened"}',1795718958904,NULL,NULL,0,NULL,NULL,NULL,NULL);
CREATE TABLE timeline (
    operation_id    TEXT    NOT NULL,
    seq             INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    state           TEXT    NOT NULL,
    what            TEXT    NOT NULL,
    PRIMARY KEY (operation_id, seq)
) WITHOUT ROWID;
INSERT INTO "timeline" VALUES('01a21930-a926-7da5-8ce4-7bc184c234f6',8,1795718949158,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21930-a926-7da5-8ce4-7bc184c234f6',16,1795718949167,'sending','sending');
INSERT INTO "timeline" VALUES('01a21930-a926-7da5-8ce4-7bc184c234f6',24,1795718949170,'succeeded','upstream answered: done');
INSERT INTO "timeline" VALUES('01a21930-a936-750c-b011-6de0529a1f00',8,1795718949174,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21930-a936-750c-b011-6de0529a1f00',16,1795718949180,'sending','sending');
INSERT INTO "timeline" VALUES('01a21930-a936-750c-b011-6de0529a1f00',24,1795718949191,'succeeded','checked: found: the order is paid');
INSERT INTO "timeline" VALUES('01a21930-a95d-714d-9878-70f9f10e3333',8,1795718949213,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21930-a95d-714d-9878-70f9f10e3333',16,1795718949219,'sending','sending');
INSERT INTO "timeline" VALUES('01a21930-a95d-714d-9878-70f9f10e3333',24,1795718949223,'succeeded','upstream answered: done');
INSERT INTO "timeline" VALUES('01a21930-a96f-74c3-a6e2-0665505cf8d3',8,1795718949231,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21930-a96f-74c3-a6e2-0665505cf8d3',16,1795718949238,'sending','sending');
INSERT INTO "timeline" VALUES('01a21930-a96f-74c3-a6e2-0665505cf8d3',24,1795718949242,'succeeded','upstream answered: done');
INSERT INTO "timeline" VALUES('01a21930-a983-78b4-9d30-f5d03c03a1bd',8,1795718949251,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21930-a983-78b4-9d30-f5d03c03a1bd',16,1795718949260,'sending','sending');
INSERT INTO "timeline" VALUES('01a21930-a983-78b4-9d30-f5d03c03a1bd',24,1795718949263,'succeeded','upstream answered: done');
INSERT INTO "timeline" VALUES('01a21930-a99f-7946-b93e-85bfe79e8d6c',8,1795718949279,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21930-a99f-7946-b93e-85bfe79e8d6c',16,1795718949292,'sending','sending');
INSERT INTO "timeline" VALUES('01a21930-a99f-7946-b93e-85bfe79e8d6c',24,1795718949298,'unknown','no answer that says what was done; looking');
INSERT INTO "timeline" VALUES('01a21930-a99f-7946-b93e-85bfe79e8d6c',32,1795718949504,'unknown','look 1: the order is not paid');
INSERT INTO "timeline" VALUES('01a21930-a99f-7946-b93e-85bfe79e8d6c',40,1795718949916,'unknown','look 2: the order is not paid');
INSERT INTO "timeline" VALUES('01a21930-a99f-7946-b93e-85bfe79e8d6c',48,1795718950840,'unknown','look 3: the order is not paid');
INSERT INTO "timeline" VALUES('01a21930-a99f-7946-b93e-85bfe79e8d6c',56,1795718952649,'unknown','look 4: the order is not paid');
INSERT INTO "timeline" VALUES('01a21930-a99f-7946-b93e-85bfe79e8d6c',64,1795718954269,'unknown','look 5: the order is not paid');
INSERT INTO "timeline" VALUES('01a21930-a99f-7946-b93e-85bfe79e8d6c',72,1795718956644,'unknown','look 6: the order is not paid');
CREATE INDEX operations_lock_base ON operations (lock_base);
CREATE INDEX operations_done ON operations (done_key);
CREATE INDEX operations_absent ON operations (absent_key);
CREATE INDEX operations_twin ON operations (twin_key);
CREATE INDEX operations_state ON operations (state, id);
CREATE INDEX operations_kind ON operations (kind, id);
CREATE INDEX operations_caller ON operations (caller, id);
CREATE INDEX operations_subject ON operations (subject, id);
CREATE INDEX operations_due ON operations (next_look_at);
CREATE INDEX operations_prune ON operations (prune_at);
CREATE INDEX attachments_order ON attachments (order_id, account);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',11);
COMMIT;
