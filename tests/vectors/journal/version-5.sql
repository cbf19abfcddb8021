PRAGMA user_version = 5;
BEGIN TRANSACTION;
CREATE TABLE attachments (
    id              BLOB    NOT NULL PRIMARY KEY,
    account         TEXT    NOT NULL,
    order_id        TEXT,
    file_id         TEXT    NOT NULL,
    at              INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE "events" (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    fact            TEXT    NOT NULL,
    account         TEXT    NOT NULL,
    owner           TEXT,
    operation_id    TEXT,
    at              INTEGER NOT NULL,
    UNIQUE (kind, subject, fact)
);
INSERT INTO "events" VALUES(1,'operation.settled','01a21b9b-593a-794c-bb1c-5fda2f7f5e90','succeeded','default','local','01a21b9b-593a-794c-bb1c-5fda2f7f5e90',1795759495489);
INSERT INTO "events" VALUES(2,'order.booked','7359151899076000005','booked','default','local','01a21b9b-593a-794c-bb1c-5fda2f7f5e90',1795759495489);
INSERT INTO "events" VALUES(3,'operation.settled','01a21b9b-5943-71e7-a49e-63bcb4dfd01e','succeeded','default','local','01a21b9b-5943-71e7-a49e-63bcb4dfd01e',1795759495497);
INSERT INTO "events" VALUES(4,'order.paid','7359151899076000005','paid','default','local','01a21b9b-5943-71e7-a49e-63bcb4dfd01e',1795759495497);
INSERT INTO "events" VALUES(5,'operation.unknown','01a21b9b-5950-702f-97c7-43e1035b4b93','unknown','default','local','01a21b9b-5950-702f-97c7-43e1035b4b93',1795759495510);
INSERT INTO "events" VALUES(6,'operation.settled','01a21b9b-5950-702f-97c7-43e1035b4b93','succeeded','default','local','01a21b9b-5950-702f-97c7-43e1035b4b93',1795759495717);
INSERT INTO "events" VALUES(7,'change.created','5359151899076000003','created','default','local','01a21b9b-5950-702f-97c7-43e1035b4b93',1795759495717);
INSERT INTO "events" VALUES(8,'operation.settled','01a21b9b-5a28-7e73-a4f0-72157eb4070d','succeeded','default','local','01a21b9b-5a28-7e73-a4f0-72157eb4070d',1795759495726);
INSERT INTO "events" VALUES(9,'change.awaiting_ticketing','5359151899076000003','awaiting_ticketing','default','local','01a21b9b-5a28-7e73-a4f0-72157eb4070d',1795759495726);
INSERT INTO "events" VALUES(10,'operation.settled','01a21b9b-5a31-747d-88f1-e3c4fa640fa4','succeeded','default','local','01a21b9b-5a31-747d-88f1-e3c4fa640fa4',1795759495734);
INSERT INTO "events" VALUES(11,'change.created','5359151899076000005','created','default','local','01a21b9b-5a31-747d-88f1-e3c4fa640fa4',1795759495734);
INSERT INTO "events" VALUES(12,'operation.settled','01a21b9b-5a39-7a41-aad2-b6387a175335','succeeded','default','local','01a21b9b-5a39-7a41-aad2-b6387a175335',1795759495742);
INSERT INTO "events" VALUES(13,'change.closed','5359151899076000005','closed','default','local','01a21b9b-5a39-7a41-aad2-b6387a175335',1795759495742);
INSERT INTO "events" VALUES(14,'operation.settled','01a21b9b-5a43-7a75-9ae3-64a5c8a31cd9','succeeded','default','local','01a21b9b-5a43-7a75-9ae3-64a5c8a31cd9',1795759495753);
INSERT INTO "events" VALUES(15,'refund.created','4359151899076000003','created','default','local','01a21b9b-5a43-7a75-9ae3-64a5c8a31cd9',1795759495753);
INSERT INTO "events" VALUES(16,'operation.settled','01a21b9b-5a4c-774e-a753-4ca34a84c7af','succeeded','default','local','01a21b9b-5a4c-774e-a753-4ca34a84c7af',1795759495761);
INSERT INTO "events" VALUES(17,'order.booked','7359151899076000007','booked','default','local','01a21b9b-5a4c-774e-a753-4ca34a84c7af',1795759495761);
INSERT INTO "events" VALUES(18,'operation.settled','01a21b9b-5a54-7c38-8a84-1fc49165f89c','succeeded','default','local','01a21b9b-5a54-7c38-8a84-1fc49165f89c',1795759495769);
INSERT INTO "events" VALUES(19,'order.closed','7359151899076000007','closed','default','local','01a21b9b-5a54-7c38-8a84-1fc49165f89c',1795759495769);
INSERT INTO "events" VALUES(20,'operation.settled','01a21b9b-5a61-763f-aabb-3d73b857acc6','succeeded','default','local','01a21b9b-5a61-763f-aabb-3d73b857acc6',1795759495781);
INSERT INTO "events" VALUES(21,'order.booked','7359151899076000009','booked','default','local','01a21b9b-5a61-763f-aabb-3d73b857acc6',1795759495781);
INSERT INTO "events" VALUES(22,'operation.unknown','01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a','unknown','default','local','01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a',1795759495790);
INSERT INTO "events" VALUES(23,'operation.settled','01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a','rejected','default','local','01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a',1795759502496);
INSERT INTO "events" VALUES(24,'operation.settled','01a21b9b-74a4-7cf1-8bac-4cbdd4628882','not_executed/refused_by_gateway','default','local','01a21b9b-74a4-7cf1-8bac-4cbdd4628882',1795759502504);
INSERT INTO "events" VALUES(25,'operation.unknown','01a21b9b-7c7c-7d54-9244-355baae22fb1','unknown','default','local','01a21b9b-7c7c-7d54-9244-355baae22fb1',1795759504514);
INSERT INTO "events" VALUES(26,'operation.settled','01a21b9b-7c7c-7d54-9244-355baae22fb1','succeeded','default','local','01a21b9b-7c7c-7d54-9244-355baae22fb1',1795759506519);
INSERT INTO "events" VALUES(27,'order.booked','7359151899076000011','booked','default','local','01a21b9b-7c7c-7d54-9244-355baae22fb1',1795759506519);
INSERT INTO "events" VALUES(28,'operation.settled','01a21b9b-845a-7f10-98f9-87d03316fcdd','succeeded','default','local','01a21b9b-845a-7f10-98f9-87d03316fcdd',1795759506526);
INSERT INTO "events" VALUES(29,'order.booked','7359151899076000013','booked','default','local','01a21b9b-845a-7f10-98f9-87d03316fcdd',1795759506526);
INSERT INTO "events" VALUES(30,'operation.unknown','01a21b9b-8461-7384-aa3d-045cc6e08295','unknown','default','local','01a21b9b-8461-7384-aa3d-045cc6e08295',1795759506532);
CREATE TABLE instances (
    id              TEXT    NOT NULL PRIMARY KEY,
    until_ms        INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO "instances" VALUES('01a21d2d-f67f-7a76-a5b4-a33b7583cc03',1795785941227);
CREATE TABLE meta (
    name            TEXT    NOT NULL PRIMARY KEY,
    value           BLOB    NOT NULL
) WITHOUT ROWID;
INSERT INTO "meta" VALUES('hash_key_check',X'6A042F9C85C5876C09AC2D54E7C9E146E0EC7DC9FE9203385973D9A79041B42B');
CREATE TABLE operations (
    id              TEXT    NOT NULL PRIMARY KEY,
    -- The compare-and-set of every write; and what of it callers see.
    revision        INTEGER NOT NULL,
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
    -- When a lookup agreed with how it was settled.
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
    -- Of a refund or change: how its order stood before the send. Empty for others.
    baseline        TEXT,
    result          TEXT,
    -- Which order, refund or change it made: kind, account and Fliggy's number.
    made            TEXT,
    -- The parts of the result that differ from the request; empty where none do.
    differs         TEXT,
    failure         TEXT
);
INSERT INTO "operations" VALUES('01a21b9b-593a-794c-bb1c-5fda2f7f5e90',4,3,'book','succeeded',NULL,'default','local','V3-1','reference:default:V3-1',NULL,'book:reference:default:V3-1',NULL,X'83F3D5A1C0B6989F0A41DC82650A0302FC2A73BB3907DC81AEF97F0D0BF8647A',NULL,X'07B04550BCAC22A9FB5E534400927E77C3B6935C55AA59EE835D53AA843C8E95',X'11F9BF8DD6537C7D597A5FFCC2E61DB1E62A79F1252F1BD01DA1A62C066F6B1E','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495487,'{"kind":"book","out_order_no":"V3-1","total":"1580.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795759495482,1795759495487,105,1795759495489,1795759500495,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5110},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":5003,"watched_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5110},"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359151899076000005","out_order_no":"V3-1","status":"booked","status_text":"生单预定成功","total_price":"1580.00","paid_price":null,"booked_at":"2026-11-27T14:04:55+08:00","pay_before":"2026-11-27T14:34:55+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}','book:default:7359151899076000005',NULL,NULL);
INSERT INTO "operations" VALUES('01a21b9b-5943-71e7-a49e-63bcb4dfd01e',3,3,'pay','succeeded',NULL,'default','local','7359151899076000005','order:default:7359151899076000005',NULL,'pay:order:default:7359151899076000005',NULL,NULL,NULL,X'F87E421C3514EF45D7DABC26D0F97D81D44DE9C6FEEAADE39CB48790507B7F56',X'9FEB8E3B42AFE99B13A6F023420E9432E15CFEFFB676FC725B6A4679DA24D1F3','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495494,'{"kind":"pay","order_id":"7359151899076000005","total":"1580.00"}',1795759495491,1795759495494,112,1795759495497,1795759495497,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":114},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":null,"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359151899076000005","out_order_no":"V3-1","status":"paid","status_text":"支付成功","total_price":"1580.00","paid_price":"1580.00","booked_at":"2026-11-27T14:04:55+08:00","pay_before":"2026-11-27T14:34:55+08:00","paid_at":"2026-11-27T14:04:55+08:00","trade_no":"20261127017359151899076000005","alipay_trade_no":"20261127227359151899076000005","passenger_ids":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}',NULL,NULL,NULL);
INSERT INTO "operations" VALUES('01a21b9b-5950-702f-97c7-43e1035b4b93',4,4,'change','succeeded',NULL,'default','local','7359151899076000005','order:default:7359151899076000005',NULL,'change:order:default:7359151899076000005:V3-C-1',NULL,NULL,NULL,X'452987636E12380F9DEC5C30AE3CC599D4D9CD35E886B115AF4FC84091AC9AC7',X'C16C0D4083EDC5D0747CA18BA28CDC43B96CE12F20990AEDA6D8FAAA09C59694','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495508,'{"kind":"change","order_id":"7359151899076000005","out_change_no":"V3-C-1","passengers":["psg_3eafe91b757824dbb04dc93d5f71ff23"],"targets":["CZ8957@2030-05-21T08:45"],"max_total":"250.00"}',1795759495504,1795759495508,126,1795759495717,1795759495717,'silence','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":333},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":null,"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,'{"numbers":[],"travellers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}','{"change_order_no":"5359151899076000003","order_id":"7359151899076000005","out_change_no":"V3-C-1","status":"awaiting_payment","total_price":"140.00","fee_above_limit":false,"pay_before":"2026-11-27T14:34:55+08:00","paid_at":null,"trade_no":null,"passenger_ids":["psg_3eafe91b757824dbb04dc93d5f71ff23"]}','change:default:5359151899076000003',NULL,NULL);
INSERT INTO "operations" VALUES('01a21b9b-5a28-7e73-a4f0-72157eb4070d',3,3,'change_pay','succeeded',NULL,'default','local','5359151899076000003','change:default:5359151899076000003',NULL,'change_pay:change:default:5359151899076000003',NULL,NULL,NULL,X'DA303E78A711A7DC3805BFD9A282B8C0B953E3A48B8EC24A7BD45CD219079255',X'2E2244C68FE0A3FDF219F33B44A3F9B9F108A3DF5B12BD7D8072DA024E1AB397','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495723,'{"kind":"change_pay","change_order_no":"5359151899076000003","total":"140.00"}',1795759495720,1795759495723,341,1795759495726,1795759495726,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":343},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":null,"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"change_order_no":"5359151899076000003","order_id":"7359151899076000005","out_change_no":"V3-C-1","status":"awaiting_ticketing","total_price":"140.00","fee_above_limit":null,"pay_before":"2026-11-27T14:34:55+08:00","paid_at":"2026-11-27T14:04:55+08:00","trade_no":"20261127015359151899076000003","passenger_ids":["psg_3eafe91b757824dbb04dc93d5f71ff23"]}',NULL,NULL,NULL);
INSERT INTO "operations" VALUES('01a21b9b-5a31-747d-88f1-e3c4fa640fa4',4,3,'change','succeeded',NULL,'default','local','7359151899076000005','order:default:7359151899076000005',NULL,'change:order:default:7359151899076000005:V3-C-2',NULL,NULL,NULL,X'A3053BCB6081A2B7279E8F4B2845766DB0CD7D953DB293FD2068B581229B38AA',X'1DDF79F4431A17151BE9756391C3513F447714DFC37384ACF026F379D4E9FE18','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495733,'{"kind":"change","order_id":"7359151899076000005","out_change_no":"V3-C-2","passengers":["psg_5f2d6bca84f0018e7309e3fc11a60613"],"targets":["CZ8957@2030-05-21T08:45"],"max_total":"250.00"}',1795759495729,1795759495733,351,1795759495734,1795759500739,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5355},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":5003,"watched_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5355},"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,'{"numbers":[5359151899076000003],"travellers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}','{"change_order_no":"5359151899076000005","order_id":"7359151899076000005","out_change_no":"V3-C-2","status":"awaiting_payment","total_price":"65.00","fee_above_limit":false,"pay_before":"2026-11-27T14:34:55+08:00","paid_at":null,"trade_no":null,"passenger_ids":["psg_5f2d6bca84f0018e7309e3fc11a60613"]}','change:default:5359151899076000005',NULL,NULL);
INSERT INTO "operations" VALUES('01a21b9b-5a39-7a41-aad2-b6387a175335',5,3,'change_cancel','succeeded',NULL,'default','local','5359151899076000005','change:default:5359151899076000005',NULL,'change_cancel:change:default:5359151899076000005',NULL,NULL,NULL,X'C58873AEAB6F3727C4E362FE0CEA7A9752F8F75EDF5F9B7F2BCC0B2028964576',X'AB3F4EF645E635AACC7C94E5BEF17E921BFC7197AF027A440CCF83A045991A5E','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495740,'{"kind":"change_cancel","change_order_no":"5359151899076000005"}',1795759495737,1795759495740,358,1795759495742,1795759500770,'done','{"looks":2,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":4,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5390},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":5030,"watched_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5390},"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"change_order_no":"5359151899076000005","order_id":"7359151899076000005","out_change_no":"V3-C-2","status":"closed","total_price":"65.00","fee_above_limit":null,"pay_before":"2026-11-27T14:34:55+08:00","paid_at":null,"trade_no":null,"passenger_ids":["psg_5f2d6bca84f0018e7309e3fc11a60613"]}',NULL,NULL,NULL);
INSERT INTO "operations" VALUES('01a21b9b-5a43-7a75-9ae3-64a5c8a31cd9',4,3,'refund','succeeded',NULL,'default','local','7359151899076000005','order:default:7359151899076000005',NULL,'refund:order:default:7359151899076000005:V3-R-1',NULL,NULL,NULL,X'E0E0CC71EAF96796A338DEA2A77D05E9C70591F6B204AE33CDA0A3C3C446A1CF',X'395842B351946F8C81476A70FF1996A878E9087303E7FD922D9A0B0E1476C204','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495751,'{"kind":"refund","order_id":"7359151899076000005","out_refund_no":"V3-R-1","refund_kind":"voluntary","passengers":["psg_5f2d6bca84f0018e7309e3fc11a60613"],"fee":{"known":"61.50"},"with_attachment":false}',1795759495747,1795759495751,369,1795759495753,1795759500768,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5383},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":5012,"watched_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5383},"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,'{"numbers":[],"travellers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}','{"refund_order_no":"4359151899076000003","order_id":"7359151899076000005","out_refund_no":"V3-R-1","kind":"voluntary","status":"applied","fee":"61.50","refund_amount":null,"applied_at":null,"refunded_at":null,"attachment_awaited":false,"passenger_ids":["psg_5f2d6bca84f0018e7309e3fc11a60613"]}','refund:default:4359151899076000003',NULL,NULL);
INSERT INTO "operations" VALUES('01a21b9b-5a4c-774e-a753-4ca34a84c7af',4,3,'book','succeeded',NULL,'default','local','V3-2','reference:default:V3-2',NULL,'book:reference:default:V3-2',NULL,X'83F3D5A1C0B6989F0A41DC82650A0302FC2A73BB3907DC81AEF97F0D0BF8647A',NULL,X'7592A44ADD6F744B588177CFD6CBAF8795D6BDDD30D39EE07911B57F2C1FADF5',X'3E6F0266AB37F8C123459D0B01EAEC204899295E93E66DF18087FA9663947858','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495759,'{"kind":"book","out_order_no":"V3-2","total":"1580.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795759495756,1795759495759,377,1795759495761,1795759500768,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5384},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":5005,"watched_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5384},"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359151899076000007","out_order_no":"V3-2","status":"booked","status_text":"生单预定成功","total_price":"1580.00","paid_price":null,"booked_at":"2026-11-27T14:04:55+08:00","pay_before":"2026-11-27T14:34:55+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}','book:default:7359151899076000007',NULL,NULL);
INSERT INTO "operations" VALUES('01a21b9b-5a54-7c38-8a84-1fc49165f89c',4,3,'close','succeeded',NULL,'default','local','7359151899076000007','order:default:7359151899076000007',NULL,'close:order:default:7359151899076000007',NULL,NULL,NULL,X'3526D64380C5AD28BD4B24960770395902BCF0956F1CF444B327D9A2772D074E',X'B806642BC47F2CEA87A64C1CD480C5DD8E77656DF1EAD00067F97C75E72C044C','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495767,'{"kind":"close","order_id":"7359151899076000007"}',1795759495764,1795759495767,385,1795759495769,1795759501140,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5390},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":5003,"watched_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5390},"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359151899076000007","out_order_no":"V3-2","status":"closed","status_text":"已关闭","total_price":"1580.00","paid_price":null,"booked_at":"2026-11-27T14:04:55+08:00","pay_before":"2026-11-27T14:34:55+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}',NULL,NULL,NULL);
INSERT INTO "operations" VALUES('01a21b9b-5a5c-7741-9a75-56e169960c6b',2,2,'pay','not_executed','not_sent','default','local','7359151899076000007','order:default:7359151899076000007',NULL,NULL,NULL,NULL,NULL,NULL,X'E876091761AF86A646D683CF15D64DF23FFE5E0CBF7B9B95091B957C5BB72705','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495772,'{"kind":"pay","order_id":"7359151899076000007","total":"1.00"}',1795759495772,NULL,NULL,1795759495774,NULL,'silence','{"looks":0,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":null,"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":null,"last":null}',NULL,NULL,1795845895774,0,NULL,NULL,NULL,NULL,NULL,NULL,'{"cause":"order_not_payable","upstream":null,"detail":"the order is closed","hint":null,"retry_after":null}');
INSERT INTO "operations" VALUES('01a21b9b-5a61-763f-aabb-3d73b857acc6',4,3,'book','succeeded',NULL,'default','local','V3-3','reference:default:V3-3',NULL,'book:reference:default:V3-3',NULL,X'83F3D5A1C0B6989F0A41DC82650A0302FC2A73BB3907DC81AEF97F0D0BF8647A',NULL,X'5295D4910182F7B9B778051B0C4ABBA259969BA0FC686AC0791A5E26669976FF',X'20F0EBBF0C1E2364C531587712260943C3A917684BE51485BE5ECDB182C82B7E','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495779,'{"kind":"book","out_order_no":"V3-3","total":"1580.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795759495777,1795759495779,397,1795759495781,1795759500940,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5419},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":5020,"watched_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5419},"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359151899076000009","out_order_no":"V3-3","status":"booked","status_text":"生单预定成功","total_price":"1580.00","paid_price":null,"booked_at":"2026-11-27T14:04:55+08:00","pay_before":"2026-11-27T14:34:55+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}','book:default:7359151899076000009',NULL,NULL);
INSERT INTO "operations" VALUES('01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a',6,4,'pay','rejected',NULL,'default','local','7359151899076000009','order:default:7359151899076000009',NULL,NULL,NULL,NULL,NULL,X'3595BF79AC2F3784E41E01C8E46D3635E48D067731C70FA7149F41872D784E9B',X'08543BBC6F4B11A65D078355176BBBAC8D424A0246B913EA396A6FC11BD684EF','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495787,'{"kind":"pay","order_id":"7359151899076000009","total":"1580.00"}',1795759495784,1795759495787,405,1795759502496,NULL,'refused_unlisted','{"looks":4,"absent":2,"agreeing":2,"refuting":0,"absent_ms":1005,"looked_ms":6706,"anchor":{"boot":"01a21d2d-f67f-7a76-a5b4-a33b7583cc03","at_ms":59},"absent_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":7113},"absent_session":"5042958c620fa79d71c408a27fae5cf7","agreeing_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":7113},"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":28,"watched_anchor":{"boot":"01a21d2d-f67f-7a76-a5b4-a33b7583cc03","at_ms":59},"last":"inconclusive","recorded":null}',1795785941215,1795845902496,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,'{"cause":"refused","upstream":{"method":"alitrip.flight.service.pay","code":"isv.BALANCE_NOT_ENOUGH","sub_code":null,"message":"账户余额不足,支付失败","request_id":"s612b57023a09"},"detail":null,"hint":null,"retry_after":null}');
INSERT INTO "operations" VALUES('01a21b9b-74a4-7cf1-8bac-4cbdd4628882',4,3,'pay','not_executed','refused_by_gateway','default','local','7359151899076000009','order:default:7359151899076000009',NULL,NULL,NULL,NULL,NULL,NULL,X'08543BBC6F4B11A65D078355176BBBAC8D424A0246B913EA396A6FC11BD684EF','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759502503,'{"kind":"pay","order_id":"7359151899076000009","total":"1580.00"}',1795759502500,1795759502503,7121,1795759502504,1795759507509,'silence','{"looks":1,"absent":0,"agreeing":1,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":12126},"absent_anchor":null,"absent_session":null,"agreeing_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":12126},"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":5004,"watched_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":12126},"last":"not_happened"}',NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,'{"cause":"rate_limited","upstream":{"method":"alitrip.flight.service.pay","code":"7","sub_code":"accesscontrol.limited-by-app-api-access-count","message":"This ban will last for 1 more seconds","request_id":"s296db9303fb6"},"detail":null,"hint":null,"retry_after":1}');
INSERT INTO "operations" VALUES('01a21b9b-7c7c-7d54-9244-355baae22fb1',4,4,'book','succeeded',NULL,'default','local','V3-4','reference:default:V3-4',NULL,'book:reference:default:V3-4',NULL,X'83F3D5A1C0B6989F0A41DC82650A0302FC2A73BB3907DC81AEF97F0D0BF8647A',NULL,X'AB6502881F54C4EC5972B8FF885589561E527F7FEB16D434107239C04F13775C',X'8B6E9A471C207517A93042766D09F182F147F6DDD115C9107D1FE041A80A0610','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759504511,'{"kind":"book","out_order_no":"V3-4","total":"1580.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795759504509,1795759504511,9129,1795759506519,1795759506519,'done','{"looks":2,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":2004,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":11135},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":2,"differing_parts":["total_price"],"differing_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":11135},"watched_ms":0,"watched_anchor":null,"last":"differs"}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359151899076000011","out_order_no":"V3-4","status":"booked","status_text":"生单预定成功","total_price":"1590.00","paid_price":null,"booked_at":"2026-11-27T14:05:04+08:00","pay_before":"2026-11-27T14:35:04+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}','book:default:7359151899076000011','[{"field":"total_price","expected":"1580.00","found":"1590.00"}]',NULL);
INSERT INTO "operations" VALUES('01a21b9b-845a-7f10-98f9-87d03316fcdd',4,3,'book','succeeded',NULL,'default','local','V3-5','reference:default:V3-5',NULL,'book:reference:default:V3-5',NULL,X'83F3D5A1C0B6989F0A41DC82650A0302FC2A73BB3907DC81AEF97F0D0BF8647A',NULL,X'102279D745E1665EB68F2E0DA610CB47B6531BA811B511E5E723D772B9B6CFD1',X'B605531835E817F57BCF974A2EA1200F26538934C724394B2BAD7659468014EB','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759506524,'{"kind":"book","out_order_no":"V3-5","total":"1580.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795759506522,1795759506524,11142,1795759506526,NULL,'done','{"looks":1,"absent":0,"agreeing":1,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21d2d-f67f-7a76-a5b4-a33b7583cc03","at_ms":57},"absent_anchor":null,"absent_session":null,"agreeing_anchor":{"boot":"01a21d2d-f67f-7a76-a5b4-a33b7583cc03","at_ms":57},"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":26,"watched_anchor":{"boot":"01a21d2d-f67f-7a76-a5b4-a33b7583cc03","at_ms":57},"last":"not_happened","recorded":null}',1795785941215,1795845906526,NULL,0,NULL,NULL,NULL,'{"order_id":"7359151899076000013","out_order_no":"V3-5","status":"booked","status_text":"生单预定成功","total_price":"1580.00","paid_price":null,"booked_at":"2026-11-27T14:05:06+08:00","pay_before":"2026-11-27T14:35:06+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}','book:default:7359151899076000013',NULL,NULL);
INSERT INTO "operations" VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',9,3,'pay','unknown',NULL,'default','local','7359151899076000013','order:default:7359151899076000013','order:default:7359151899076000013',NULL,NULL,NULL,NULL,X'469B6FB165CC939FE8DD60B6C31FA12F8DBCA2CB2D1E5DAD2814F981F5EEBEF4',X'6FA3E1081242EF6AD69A7F83A8B7AD5EB7BCA6CFE17FAB8A4FABDA13799F9CFB','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759506531,'{"kind":"pay","order_id":"7359151899076000013","total":"1580.00"}',1795759506529,1795759506531,11149,NULL,NULL,'silence','{"looks":6,"absent":0,"agreeing":1,"refuting":0,"absent_ms":0,"looked_ms":6862,"anchor":{"boot":"01a21d2d-f67f-7a76-a5b4-a33b7583cc03","at_ms":6562},"absent_anchor":null,"absent_session":null,"agreeing_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":11352},"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":null,"last":"inconclusive","recorded":null}',1795785890094,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE orders (
    account         TEXT    NOT NULL,
    order_id        TEXT    NOT NULL,
    out_order_no    TEXT    NOT NULL,
    owner           TEXT    NOT NULL,
    last_departure  TEXT,
    booked_at       INTEGER NOT NULL,
    operation_id    TEXT    NOT NULL,
    PRIMARY KEY (account, order_id)
) WITHOUT ROWID;
INSERT INTO "orders" VALUES('default','7359151899076000005','V3-1','local','2030-05-21T08:45:00+08:00',1795759495482,'01a21b9b-593a-794c-bb1c-5fda2f7f5e90');
INSERT INTO "orders" VALUES('default','7359151899076000007','V3-2','local','2030-05-20T08:45:00+08:00',1795759495756,'01a21b9b-5a4c-774e-a753-4ca34a84c7af');
INSERT INTO "orders" VALUES('default','7359151899076000009','V3-3','local','2030-05-20T08:45:00+08:00',1795759495777,'01a21b9b-5a61-763f-aabb-3d73b857acc6');
INSERT INTO "orders" VALUES('default','7359151899076000011','V3-4','local','2030-05-20T08:45:00+08:00',1795759504509,'01a21b9b-7c7c-7d54-9244-355baae22fb1');
INSERT INTO "orders" VALUES('default','7359151899076000013','V3-5','local','2030-05-20T08:45:00+08:00',1795759506522,'01a21b9b-845a-7f10-98f9-87d03316fcdd');
CREATE TABLE proofs (
    account         TEXT    NOT NULL,
    lookup          TEXT    NOT NULL,
    key             TEXT    NOT NULL,
    session         TEXT,
    at              INTEGER NOT NULL,
    PRIMARY KEY (account, lookup)
) WITHOUT ROWID;
INSERT INTO "proofs" VALUES('default','changes_of_order','7359151899076000005','5042958c620fa79d71c408a27fae5cf7',1795759500739);
INSERT INTO "proofs" VALUES('default','order_by_reference','V3-4','5042958c620fa79d71c408a27fae5cf7',1795759506519);
INSERT INTO "proofs" VALUES('default','refunds_of_order','7359151899076000005','5042958c620fa79d71c408a27fae5cf7',1795759500768);
CREATE TABLE timeline (
    operation_id    TEXT    NOT NULL,
    seq             INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    state           TEXT    NOT NULL,
    what            TEXT    NOT NULL,
    PRIMARY KEY (operation_id, seq)
) WITHOUT ROWID;
INSERT INTO "timeline" VALUES('01a21b9b-593a-794c-bb1c-5fda2f7f5e90',8,1795759495482,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21b9b-593a-794c-bb1c-5fda2f7f5e90',16,1795759495487,'sending','sending');
INSERT INTO "timeline" VALUES('01a21b9b-593a-794c-bb1c-5fda2f7f5e90',24,1795759495489,'succeeded','upstream answered: done');
INSERT INTO "timeline" VALUES('01a21b9b-593a-794c-bb1c-5fda2f7f5e90',32,1795759500495,'succeeded','look 1: found: the order is ticketed; confirmed');
INSERT INTO "timeline" VALUES('01a21b9b-5943-71e7-a49e-63bcb4dfd01e',8,1795759495491,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21b9b-5943-71e7-a49e-63bcb4dfd01e',16,1795759495494,'sending','sending');
INSERT INTO "timeline" VALUES('01a21b9b-5943-71e7-a49e-63bcb4dfd01e',24,1795759495497,'succeeded','checked: found: the order is paid');
INSERT INTO "timeline" VALUES('01a21b9b-5950-702f-97c7-43e1035b4b93',8,1795759495504,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21b9b-5950-702f-97c7-43e1035b4b93',16,1795759495508,'sending','sending');
INSERT INTO "timeline" VALUES('01a21b9b-5950-702f-97c7-43e1035b4b93',24,1795759495510,'unknown','no answer that says what was done; looking');
INSERT INTO "timeline" VALUES('01a21b9b-5950-702f-97c7-43e1035b4b93',32,1795759495717,'succeeded','look 1: found: the change is awaiting payment');
INSERT INTO "timeline" VALUES('01a21b9b-5a28-7e73-a4f0-72157eb4070d',8,1795759495720,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21b9b-5a28-7e73-a4f0-72157eb4070d',16,1795759495723,'sending','sending');
INSERT INTO "timeline" VALUES('01a21b9b-5a28-7e73-a4f0-72157eb4070d',24,1795759495726,'succeeded','checked: found: the change is awaiting ticketing');
INSERT INTO "timeline" VALUES('01a21b9b-5a31-747d-88f1-e3c4fa640fa4',8,1795759495729,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21b9b-5a31-747d-88f1-e3c4fa640fa4',16,1795759495733,'sending','sending');
INSERT INTO "timeline" VALUES('01a21b9b-5a31-747d-88f1-e3c4fa640fa4',24,1795759495734,'succeeded','upstream answered: done');
INSERT INTO "timeline" VALUES('01a21b9b-5a31-747d-88f1-e3c4fa640fa4',32,1795759500739,'succeeded','look 1: found: the change is closed; confirmed');
INSERT INTO "timeline" VALUES('01a21b9b-5a39-7a41-aad2-b6387a175335',8,1795759495737,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21b9b-5a39-7a41-aad2-b6387a175335',16,1795759495740,'sending','sending');
INSERT INTO "timeline" VALUES('01a21b9b-5a39-7a41-aad2-b6387a175335',24,1795759495742,'succeeded','upstream answered: done');
INSERT INTO "timeline" VALUES('01a21b9b-5a39-7a41-aad2-b6387a175335',32,1795759500770,'succeeded','look 1: found: the change is closed; confirmed');
INSERT INTO "timeline" VALUES('01a21b9b-5a39-7a41-aad2-b6387a175335',40,1795759500776,'succeeded','look 2: found: the change is closed');
INSERT INTO "timeline" VALUES('01a21b9b-5a43-7a75-9ae3-64a5c8a31cd9',8,1795759495747,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21b9b-5a43-7a75-9ae3-64a5c8a31cd9',16,1795759495751,'sending','sending');
INSERT INTO "timeline" VALUES('01a21b9b-5a43-7a75-9ae3-64a5c8a31cd9',24,1795759495753,'succeeded','upstream answered: done');
INSERT INTO "timeline" VALUES('01a21b9b-5a43-7a75-9ae3-64a5c8a31cd9',32,1795759500768,'succeeded','look 1: found: the refund is refunded; confirmed');
INSERT INTO "timeline" VALUES('01a21b9b-5a4c-774e-a753-4ca34a84c7af',8,1795759495756,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21b9b-5a4c-774e-a753-4ca34a84c7af',16,1795759495759,'sending','sending');
INSERT INTO "timeline" VALUES('01a21b9b-5a4c-774e-a753-4ca34a84c7af',24,1795759495761,'succeeded','upstream answered: done');
INSERT INTO "timeline" VALUES('01a21b9b-5a4c-774e-a753-4ca34a84c7af',32,1795759500768,'succeeded','look 1: found: the order is closed; confirmed');
INSERT INTO "timeline" VALUES('01a21b9b-5a54-7c38-8a84-1fc49165f89c',8,1795759495764,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21b9b-5a54-7c38-8a84-1fc49165f89c',16,1795759495767,'sending','sending');
INSERT INTO "timeline" VALUES('01a21b9b-5a54-7c38-8a84-1fc49165f89c',24,1795759495769,'succeeded','upstream answered: done');
INSERT INTO "timeline" VALUES('01a21b9b-5a54-7c38-8a84-1fc49165f89c',32,1795759501140,'succeeded','look 1: found: the order is closed; confirmed');
INSERT INTO "timeline" VALUES('01a21b9b-5a5c-7741-9a75-56e169960c6b',8,1795759495772,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21b9b-5a5c-7741-9a75-56e169960c6b',16,1795759495774,'not_executed','nothing was sent: the order is closed');
INSERT INTO "timeline" VALUES('01a21b9b-5a61-763f-aabb-3d73b857acc6',8,1795759495777,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21b9b-5a61-763f-aabb-3d73b857acc6',16,1795759495779,'sending','sending');
INSERT INTO "timeline" VALUES('01a21b9b-5a61-763f-aabb-3d73b857acc6',24,1795759495781,'succeeded','upstream answered: done');
INSERT INTO "timeline" VALUES('01a21b9b-5a61-763f-aabb-3d73b857acc6',32,1795759500940,'succeeded','look 1: found: the order is booked; confirmed');
INSERT INTO "timeline" VALUES('01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a',8,1795759495784,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a',16,1795759495787,'sending','sending');
INSERT INTO "timeline" VALUES('01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a',24,1795759495790,'unknown','upstream refused; the order is not paid; looking');
INSERT INTO "timeline" VALUES('01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a',32,1795759501492,'unknown','look 2: the order is not paid');
INSERT INTO "timeline" VALUES('01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a',40,1795759502496,'rejected','look 3: the order is not paid');
INSERT INTO "timeline" VALUES('01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a',48,1795785881244,'rejected','lookup 4: upstream does not find the order at all');
INSERT INTO "timeline" VALUES('01a21b9b-74a4-7cf1-8bac-4cbdd4628882',8,1795759502500,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21b9b-74a4-7cf1-8bac-4cbdd4628882',16,1795759502503,'sending','sending');
INSERT INTO "timeline" VALUES('01a21b9b-74a4-7cf1-8bac-4cbdd4628882',24,1795759502504,'not_executed','TOP''s gateway refused the call; the service never saw it');
INSERT INTO "timeline" VALUES('01a21b9b-74a4-7cf1-8bac-4cbdd4628882',32,1795759507509,'not_executed','look 1: the order is not paid; confirmed');
INSERT INTO "timeline" VALUES('01a21b9b-7c7c-7d54-9244-355baae22fb1',8,1795759504509,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21b9b-7c7c-7d54-9244-355baae22fb1',16,1795759504511,'sending','sending');
INSERT INTO "timeline" VALUES('01a21b9b-7c7c-7d54-9244-355baae22fb1',24,1795759504514,'unknown','upstream says done; found: the order is booked, with the total 1590.00 instead of 1580.00; looking');
INSERT INTO "timeline" VALUES('01a21b9b-7c7c-7d54-9244-355baae22fb1',32,1795759506519,'succeeded','look 2: found: the order is booked, with the total 1590.00 instead of 1580.00');
INSERT INTO "timeline" VALUES('01a21b9b-845a-7f10-98f9-87d03316fcdd',8,1795759506522,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21b9b-845a-7f10-98f9-87d03316fcdd',16,1795759506524,'sending','sending');
INSERT INTO "timeline" VALUES('01a21b9b-845a-7f10-98f9-87d03316fcdd',24,1795759506526,'succeeded','upstream answered: done');
INSERT INTO "timeline" VALUES('01a21b9b-845a-7f10-98f9-87d03316fcdd',32,1795785881248,'succeeded','lookup 1: upstream has no such order');
INSERT INTO "timeline" VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',8,1795759506529,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',16,1795759506531,'sending','sending');
INSERT INTO "timeline" VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',24,1795759506532,'unknown','no answer that says what was done; looking');
INSERT INTO "timeline" VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',32,1795759506736,'unknown','look 1: the order is not paid');
INSERT INTO "timeline" VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',40,1795759507092,'unknown','look 2: the order is not paid');
INSERT INTO "timeline" VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',48,1795785881242,'unknown','lookup 3: upstream does not find the order at all');
INSERT INTO "timeline" VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',56,1795785883112,'unknown','lookup 4: upstream does not find the order at all');
INSERT INTO "timeline" VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',64,1795785885454,'unknown','lookup 5: upstream does not find the order at all');
INSERT INTO "timeline" VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',72,1795785887752,'unknown','lookup 6: upstream does not find the order at all');
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
CREATE INDEX attachments_order ON attachments (order_id, account);
CREATE INDEX events_owner ON events (owner, seq);
CREATE INDEX orders_reference ON orders (out_order_no);
CREATE INDEX orders_operation ON orders (operation_id);
CREATE INDEX events_kind ON events (kind, seq);
CREATE INDEX events_owner_kind ON events (owner, kind, seq);
CREATE INDEX events_subject ON events (subject, seq);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',30);
COMMIT;
