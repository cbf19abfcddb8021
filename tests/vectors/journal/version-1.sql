PRAGMA user_version = 1;
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
INSERT INTO "events" VALUES(1,'operation_settled','01a21889-132a-7af9-a174-f63e95b45bb2','succeeded','01a21889-132a-7af9-a174-f63e95b45bb2',1795707966256);
INSERT INTO "events" VALUES(2,'order_booked','7359141593205800003','booked','01a21889-132a-7af9-a174-f63e95b45bb2',1795707966256);
INSERT INTO "events" VALUES(3,'operation_settled','01a21889-1334-7d85-8463-69ba0fcf4d22','succeeded','01a21889-1334-7d85-8463-69ba0fcf4d22',1795707966269);
INSERT INTO "events" VALUES(4,'order_paid','7359141593205800003','paid','01a21889-1334-7d85-8463-69ba0fcf4d22',1795707966269);
INSERT INTO "events" VALUES(5,'operation_settled','01a21889-1341-79a9-a804-fab061e5716c','succeeded','01a21889-1341-79a9-a804-fab061e5716c',1795707966277);
INSERT INTO "events" VALUES(6,'order_booked','7359141593205800005','booked','01a21889-1341-79a9-a804-fab061e5716c',1795707966277);
INSERT INTO "events" VALUES(7,'operation_settled','01a21889-1348-7452-bb41-5f5649fd4f01','not_executed/not_sent','01a21889-1348-7452-bb41-5f5649fd4f01',1795707966284);
INSERT INTO "events" VALUES(8,'operation_unknown','01a21889-1351-7480-ab1a-2be45678ed06','unknown','01a21889-1351-7480-ab1a-2be45678ed06',1795707966294);
INSERT INTO "events" VALUES(9,'operation_settled','01a21889-1351-7480-ab1a-2be45678ed06','not_executed/absent','01a21889-1351-7480-ab1a-2be45678ed06',1795707968802);
INSERT INTO "events" VALUES(10,'operation_settled','01a21889-1d2e-7f80-a0e0-7ad226581b70','succeeded','01a21889-1d2e-7f80-a0e0-7ad226581b70',1795707968827);
INSERT INTO "events" VALUES(11,'order_booked','7359141593205800007','booked','01a21889-1d2e-7f80-a0e0-7ad226581b70',1795707968827);
INSERT INTO "events" VALUES(12,'operation_unknown','01a21889-1d4f-7b58-9318-ac7b9c69fa67','unknown','01a21889-1d4f-7b58-9318-ac7b9c69fa67',1795707968864);
CREATE TABLE meta (
    name            TEXT    NOT NULL PRIMARY KEY,
    value           BLOB    NOT NULL
) WITHOUT ROWID;
INSERT INTO "meta" VALUES('hash_key_check',X'6A042F9C85C5876C09AC2D54E7C9E146E0EC7DC9FE9203385973D9A79041B42B');
INSERT INTO "meta" VALUES('probe',X'00');
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
    -- Set when it was done, or ended absent: what a later one on the same subject asks for.
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
    contradicted    INTEGER NOT NULL,
    retry_of        TEXT,
    -- Of a refund or change: how its order stood before the send. Empty for others.
    baseline        TEXT,
    result          TEXT,
    failure         TEXT
);
INSERT INTO "operations" VALUES('01a21889-132a-7af9-a174-f63e95b45bb2',3,'book','succeeded',NULL,'default','local','V1-PAID','reference:default:V1-PAID',NULL,'book:reference:default:V1-PAID',NULL,X'83F3D5A1C0B6989F0A41DC82650A0302FC2A73BB3907DC81AEF97F0D0BF8647A',NULL,X'EF66EF854428E9187DE3BDB66C3A31E03D62F84136207E739CC165A1131F8225',X'63EE44300634603ED930F62546ED4747186F0D32A17E046C2667A21C81010010','01a21889-12c6-76f1-b9f2-80abe028d8bb',1795707966252,'{"kind":"book","out_order_no":"V1-PAID","total":"1580.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}',1795707966250,1795707966252,203,1795707966256,'done','{"looks":0,"absent":0,"agreeing":0,"absent_ms":0,"looked_ms":0,"anchor":null,"absent_anchor":null,"last":null}',NULL,NULL,0,NULL,NULL,'{"order_id":"7359141593205800003","out_order_no":"V1-PAID","status":"booked","status_text":"生单预定成功","total_price":"1580.00","paid_price":null,"booked_at":"2026-11-26T23:46:06+08:00","pay_before":"2026-11-27T00:16:06+08:00","paid_at":null,"trade_no":null}',NULL);
INSERT INTO "operations" VALUES('01a21889-1334-7d85-8463-69ba0fcf4d22',3,'pay','succeeded',NULL,'default','local','7359141593205800003','order:7359141593205800003',NULL,'pay:order:7359141593205800003',NULL,NULL,NULL,X'DBD1B6CFD65D409B1C349A8314B3BE6E4ECB99B52745E76E957FDD39E66EA91E',X'4013A31BAFFEB713BDE80920349CD92A920D3EB82CBB4E891E16654C36C6D496','01a21889-12c6-76f1-b9f2-80abe028d8bb',1795707966264,'{"kind":"pay","order_id":"7359141593205800003","total":"1580.00"}',1795707966260,1795707966264,215,1795707966269,'done','{"looks":1,"absent":0,"agreeing":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21889-12c6-76f1-b9f2-80abe028d8bb","at_ms":217},"absent_anchor":null,"last":"happened"}',NULL,NULL,0,NULL,NULL,'{"order_id":"7359141593205800003","out_order_no":"V1-PAID","status":"paid","status_text":"支付成功","total_price":"1580.00","paid_price":"1580.00","booked_at":"2026-11-26T23:46:06+08:00","pay_before":"2026-11-27T00:16:06+08:00","paid_at":"2026-11-26T23:46:06+08:00","trade_no":"20261126017359141593205800003"}',NULL);
INSERT INTO "operations" VALUES('01a21889-1341-79a9-a804-fab061e5716c',3,'book','succeeded',NULL,'default','local','V1-ABSENT','reference:default:V1-ABSENT',NULL,'book:reference:default:V1-ABSENT',NULL,X'83F3D5A1C0B6989F0A41DC82650A0302FC2A73BB3907DC81AEF97F0D0BF8647A',NULL,X'206E83371B88CE556E54CB8EFDDE2C61D414F3336EEDD7C5526D40B9E9701035',X'042CF0204E7374092A4203B4649E091E9B020D6528FDB7C625C89A3F0C722663','01a21889-12c6-76f1-b9f2-80abe028d8bb',1795707966274,'{"kind":"book","out_order_no":"V1-ABSENT","total":"1580.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}',1795707966273,1795707966275,225,1795707966277,'done','{"looks":0,"absent":0,"agreeing":0,"absent_ms":0,"looked_ms":0,"anchor":null,"absent_anchor":null,"last":null}',NULL,NULL,0,NULL,NULL,'{"order_id":"7359141593205800005","out_order_no":"V1-ABSENT","status":"booked","status_text":"生单预定成功","total_price":"1580.00","paid_price":null,"booked_at":"2026-11-26T23:46:06+08:00","pay_before":"2026-11-27T00:16:06+08:00","paid_at":null,"trade_no":null}',NULL);
INSERT INTO "operations" VALUES('01a21889-1348-7452-bb41-5f5649fd4f01',2,'pay','not_executed','not_sent','default','local','7359141593205800005','order:7359141593205800005',NULL,NULL,NULL,NULL,NULL,NULL,X'1E92581233B24790665C10C282A15B2179BE29C62AD6D21D283B47C977B89C8C','01a21889-12c6-76f1-b9f2-80abe028d8bb',1795707966280,'{"kind":"pay","order_id":"7359141593205800005","total":"1.00"}',1795707966280,NULL,NULL,1795707966284,'silence','{"looks":0,"absent":0,"agreeing":0,"absent_ms":0,"looked_ms":0,"anchor":null,"absent_anchor":null,"last":null}',NULL,NULL,0,NULL,NULL,NULL,'{"cause":"price_changed","upstream":null,"detail":"the order costs 1580.00 yuan, agreed were 1.00 yuan","hint":null,"retry_after":null}');
INSERT INTO "operations" VALUES('01a21889-1351-7480-ab1a-2be45678ed06',17,'pay','not_executed','absent','default','local','7359141593205800005','order:7359141593205800005',NULL,NULL,'pay:order:7359141593205800005',NULL,NULL,X'99F8E78B6628024D67ECF754CE1B311F3FDFF3A8974B23EBAEC0C53E7F243076',X'E5ED802AB103F04A8572983CDBF4EF14AA871F13502FE56A95FD6EBBFE22E88F','01a21889-12c6-76f1-b9f2-80abe028d8bb',1795707966292,'{"kind":"pay","order_id":"7359141593205800005","total":"1580.00"}',1795707966289,1795707966292,243,1795707968802,'silence','{"looks":14,"absent":8,"agreeing":14,"absent_ms":1494,"looked_ms":2656,"anchor":{"boot":"01a21889-12c6-76f1-b9f2-80abe028d8bb","at_ms":2954},"absent_anchor":{"boot":"01a21889-12c6-76f1-b9f2-80abe028d8bb","at_ms":2954},"last":"not_happened"}',1795707971789,1795794368801,0,NULL,NULL,NULL,'{"cause":"absent","upstream":null,"detail":null,"hint":null,"retry_after":null}');
INSERT INTO "operations" VALUES('01a21889-1d2e-7f80-a0e0-7ad226581b70',3,'book','succeeded',NULL,'default','local','V1-UNKNOWN','reference:default:V1-UNKNOWN',NULL,'book:reference:default:V1-UNKNOWN',NULL,X'83F3D5A1C0B6989F0A41DC82650A0302FC2A73BB3907DC81AEF97F0D0BF8647A',NULL,X'0D49F7EE14346095DCC7108215E34C1B232F73B8730C1EB3471A968BE4AF1A9C',X'84A794CB906B853C2A941A2BA6587256178939761AEC533E8FDAC97C5771E5DF','01a21889-12c6-76f1-b9f2-80abe028d8bb',1795707968819,'{"kind":"book","out_order_no":"V1-UNKNOWN","total":"1580.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}',1795707968814,1795707968820,2770,1795707968827,'done','{"looks":0,"absent":0,"agreeing":0,"absent_ms":0,"looked_ms":0,"anchor":null,"absent_anchor":null,"last":null}',NULL,NULL,0,NULL,NULL,'{"order_id":"7359141593205800007","out_order_no":"V1-UNKNOWN","status":"booked","status_text":"生单预定成功","total_price":"1580.00","paid_price":null,"booked_at":"2026-11-26T23:46:08+08:00","pay_before":"2026-11-27T00:16:08+08:00","paid_at":null,"trade_no":null}',NULL);
INSERT INTO "operations" VALUES('01a21889-1d4f-7b58-9318-ac7b9c69fa67',8,'pay','unknown',NULL,'default','local','7359141593205800007','order:7359141593205800007','order:7359141593205800007',NULL,NULL,NULL,NULL,X'0092B9E2FD52956B43E0641A09C5CE29F88B2280A281142E070FD0058FA67EDA',X'AC316460E6357C6F590EE603D1ACA2488C95215CC2F8268D3250CC1641CFFB5B','01a21889-12c6-76f1-b9f2-80abe028d8bb',1795707968854,'{"kind":"pay","order_id":"7359141593205800007","total":"1580.00"}',1795707968847,1795707968854,2805,NULL,'silence','{"looks":5,"absent":0,"agreeing":0,"absent_ms":0,"looked_ms":808,"anchor":{"boot":"01a21889-12c6-76f1-b9f2-80abe028d8bb","at_ms":3679},"absent_anchor":null,"last":"inconclusive"}',1795707969966,NULL,0,NULL,NULL,NULL,NULL);
CREATE TABLE timeline (
    operation_id    TEXT    NOT NULL,
    seq             INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    state           TEXT    NOT NULL,
    what            TEXT    NOT NULL,
    PRIMARY KEY (operation_id, seq)
) WITHOUT ROWID;
INSERT INTO "timeline" VALUES('01a21889-132a-7af9-a174-f63e95b45bb2',8,1795707966250,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21889-132a-7af9-a174-f63e95b45bb2',16,1795707966253,'sending','sending');
INSERT INTO "timeline" VALUES('01a21889-132a-7af9-a174-f63e95b45bb2',24,1795707966256,'succeeded','upstream answered: done');
INSERT INTO "timeline" VALUES('01a21889-1334-7d85-8463-69ba0fcf4d22',8,1795707966260,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21889-1334-7d85-8463-69ba0fcf4d22',16,1795707966264,'sending','sending');
INSERT INTO "timeline" VALUES('01a21889-1334-7d85-8463-69ba0fcf4d22',24,1795707966269,'succeeded','checked: found: the order is paid');
INSERT INTO "timeline" VALUES('01a21889-1341-79a9-a804-fab061e5716c',8,1795707966273,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21889-1341-79a9-a804-fab061e5716c',16,1795707966275,'sending','sending');
INSERT INTO "timeline" VALUES('01a21889-1341-79a9-a804-fab061e5716c',24,1795707966277,'succeeded','upstream answered: done');
INSERT INTO "timeline" VALUES('01a21889-1348-7452-bb41-5f5649fd4f01',8,1795707966280,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21889-1348-7452-bb41-5f5649fd4f01',16,1795707966284,'not_executed','nothing was sent: a check before the send said no');
INSERT INTO "timeline" VALUES('01a21889-1351-7480-ab1a-2be45678ed06',8,1795707966289,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21889-1351-7480-ab1a-2be45678ed06',16,1795707966292,'sending','sending');
INSERT INTO "timeline" VALUES('01a21889-1351-7480-ab1a-2be45678ed06',24,1795707966294,'unknown','no answer that says what was done; looking');
INSERT INTO "timeline" VALUES('01a21889-1351-7480-ab1a-2be45678ed06',32,1795707966349,'unknown','look 1: the order is not paid');
INSERT INTO "timeline" VALUES('01a21889-1351-7480-ab1a-2be45678ed06',40,1795707966458,'unknown','look 2: the order is not paid');
INSERT INTO "timeline" VALUES('01a21889-1351-7480-ab1a-2be45678ed06',48,1795707966661,'unknown','look 3: the order is not paid');
INSERT INTO "timeline" VALUES('01a21889-1351-7480-ab1a-2be45678ed06',56,1795707966857,'unknown','look 4: the order is not paid');
INSERT INTO "timeline" VALUES('01a21889-1351-7480-ab1a-2be45678ed06',64,1795707967066,'unknown','look 5: the order is not paid');
INSERT INTO "timeline" VALUES('01a21889-1351-7480-ab1a-2be45678ed06',72,1795707967273,'unknown','look 6: the order is not paid');
INSERT INTO "timeline" VALUES('01a21889-1351-7480-ab1a-2be45678ed06',80,1795707967512,'unknown','look 7: the order is not paid');
INSERT INTO "timeline" VALUES('01a21889-1351-7480-ab1a-2be45678ed06',88,1795707967706,'unknown','look 8: the order is not paid');
INSERT INTO "timeline" VALUES('01a21889-1351-7480-ab1a-2be45678ed06',96,1795707967915,'unknown','look 9: the order is not paid');
INSERT INTO "timeline" VALUES('01a21889-1351-7480-ab1a-2be45678ed06',104,1795707968152,'unknown','look 10: the order is not paid');
INSERT INTO "timeline" VALUES('01a21889-1351-7480-ab1a-2be45678ed06',128,1795707968802,'not_executed','look 13: the order is not paid');
INSERT INTO "timeline" VALUES('01a21889-1d2e-7f80-a0e0-7ad226581b70',8,1795707968814,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21889-1d2e-7f80-a0e0-7ad226581b70',16,1795707968820,'sending','sending');
INSERT INTO "timeline" VALUES('01a21889-1d2e-7f80-a0e0-7ad226581b70',24,1795707968827,'succeeded','upstream answered: done');
INSERT INTO "timeline" VALUES('01a21889-1d4f-7b58-9318-ac7b9c69fa67',8,1795707968847,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21889-1d4f-7b58-9318-ac7b9c69fa67',16,1795707968854,'sending','sending');
INSERT INTO "timeline" VALUES('01a21889-1d4f-7b58-9318-ac7b9c69fa67',24,1795707968864,'unknown','no answer that says what was done; looking');
INSERT INTO "timeline" VALUES('01a21889-1d4f-7b58-9318-ac7b9c69fa67',32,1795707968922,'unknown','look 1: upstream could not be asked, or did not say');
INSERT INTO "timeline" VALUES('01a21889-1d4f-7b58-9318-ac7b9c69fa67',40,1795707969026,'unknown','look 2: upstream could not be asked, or did not say');
INSERT INTO "timeline" VALUES('01a21889-1d4f-7b58-9318-ac7b9c69fa67',48,1795707969242,'unknown','look 3: upstream could not be asked, or did not say');
INSERT INTO "timeline" VALUES('01a21889-1d4f-7b58-9318-ac7b9c69fa67',56,1795707969496,'unknown','look 4: upstream could not be asked, or did not say');
INSERT INTO "timeline" VALUES('01a21889-1d4f-7b58-9318-ac7b9c69fa67',64,1795707969731,'unknown','look 5: upstream could not be asked, or did not say');
CREATE INDEX operations_lock_base ON operations (lock_base);
CREATE INDEX operations_done ON operations (done_key);
CREATE INDEX operations_absent ON operations (absent_key);
CREATE INDEX operations_twin ON operations (twin_key);
CREATE INDEX operations_state ON operations (state, id);
CREATE INDEX operations_kind ON operations (kind, id);
CREATE INDEX operations_caller ON operations (caller, id);
CREATE INDEX operations_subject ON operations (subject, id);
CREATE INDEX operations_due ON operations (next_look_at);
CREATE INDEX attachments_order ON attachments (order_id, account);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',12);
COMMIT;
