PRAGMA user_version = 9;
BEGIN TRANSACTION;
CREATE TABLE attachments (
    id              BLOB    NOT NULL PRIMARY KEY,
    account         TEXT    NOT NULL,
    order_id        TEXT,
    file_id         TEXT    NOT NULL,
    at              INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE attempts (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook         TEXT    NOT NULL,
    seq             INTEGER NOT NULL,
    number          INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    took_ms         INTEGER NOT NULL,
    outcome         TEXT    NOT NULL,
    -- The status of the response, and how many seconds it asked to wait.
    status          INTEGER,
    retry_after_s   INTEGER
);
INSERT INTO "attempts" VALUES(1,'01a22055-9599-7113-9b8d-28b1cf07b09a',1,1,1795838809522,1,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(2,'01a22055-9599-7113-9b8d-28b1cf07b09a',2,1,1795838809522,2,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(3,'01a22055-959c-7d01-84ad-e27e73d0616c',2,1,1795838809526,0,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(4,'01a22055-95a0-7c52-bcf2-63e19030b98c',3,1,1795838809540,2,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(6,'01a22055-9599-7113-9b8d-28b1cf07b09a',3,1,1795838809543,2,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(7,'01a22055-959c-7d01-84ad-e27e73d0616c',3,1,1795838809542,4,'refused',503,NULL);
INSERT INTO "attempts" VALUES(8,'01a22055-9599-7113-9b8d-28b1cf07b09a',4,1,1795838809554,2,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(9,'01a22055-9599-7113-9b8d-28b1cf07b09a',5,1,1795838809559,0,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(10,'01a22055-959c-7d01-84ad-e27e73d0616c',7,1,1795838809577,2,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(11,'01a22055-9599-7113-9b8d-28b1cf07b09a',7,1,1795838809578,2,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(12,'01a22055-9599-7113-9b8d-28b1cf07b09a',6,1,1795838809578,3,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(13,'01a22055-9599-7113-9b8d-28b1cf07b09a',8,1,1795838809588,1,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(14,'01a22055-959c-7d01-84ad-e27e73d0616c',3,2,1795838809587,3,'refused',503,NULL);
INSERT INTO "attempts" VALUES(15,'01a22055-959c-7d01-84ad-e27e73d0616c',8,1,1795838809590,1,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(16,'01a22055-959c-7d01-84ad-e27e73d0616c',3,3,1795838810690,1,'refused',503,NULL);
INSERT INTO "attempts" VALUES(17,'01a22055-959c-7d01-84ad-e27e73d0616c',3,4,1795838811545,1,'refused',503,NULL);
INSERT INTO "attempts" VALUES(18,'01a22055-959c-7d01-84ad-e27e73d0616c',5,1,1795838811549,1,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(19,'01a22055-9599-7113-9b8d-28b1cf07b09a',9,1,1795838811551,0,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(20,'01a22055-9599-7113-9b8d-28b1cf07b09a',10,1,1795838811608,1,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(21,'01a22055-9599-7113-9b8d-28b1cf07b09a',11,1,1795838811608,1,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(22,'01a22055-959c-7d01-84ad-e27e73d0616c',11,1,1795838811610,1,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(23,'01a22055-9599-7113-9b8d-28b1cf07b09a',12,1,1795838811630,1,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(24,'01a22055-959c-7d01-84ad-e27e73d0616c',12,1,1795838811631,2,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(25,'01a22055-9599-7113-9b8d-28b1cf07b09a',13,1,1795838811635,0,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(26,'01a22055-959c-7d01-84ad-e27e73d0616c',14,1,1795838811640,2,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(27,'01a22055-9599-7113-9b8d-28b1cf07b09a',14,1,1795838811643,0,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(28,'01a22055-9599-7113-9b8d-28b1cf07b09a',15,1,1795838811649,0,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(29,'01a22055-9599-7113-9b8d-28b1cf07b09a',17,1,1795838811653,1,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(30,'01a22055-9599-7113-9b8d-28b1cf07b09a',16,1,1795838811654,1,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(31,'01a22055-959c-7d01-84ad-e27e73d0616c',19,1,1795838811661,1,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(32,'01a22055-9599-7113-9b8d-28b1cf07b09a',18,1,1795838811664,1,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(33,'01a22055-9599-7113-9b8d-28b1cf07b09a',19,1,1795838811664,2,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(34,'01a22055-9599-7113-9b8d-28b1cf07b09a',21,1,1795838811677,1,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(35,'01a22055-9599-7113-9b8d-28b1cf07b09a',20,1,1795838811677,2,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(36,'01a22055-959c-7d01-84ad-e27e73d0616c',23,1,1795838811695,1,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(37,'01a22055-9599-7113-9b8d-28b1cf07b09a',23,1,1795838811695,1,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(38,'01a22055-9599-7113-9b8d-28b1cf07b09a',22,1,1795838811695,2,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(39,'01a22055-9599-7113-9b8d-28b1cf07b09a',24,1,1795838812710,1,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(40,'01a22055-9599-7113-9b8d-28b1cf07b09a',28,1,1795838814717,0,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(41,'01a22055-9599-7113-9b8d-28b1cf07b09a',27,1,1795838814717,1,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(42,'01a22055-959c-7d01-84ad-e27e73d0616c',28,1,1795838814720,0,'refused',503,NULL);
INSERT INTO "attempts" VALUES(43,'01a22055-9599-7113-9b8d-28b1cf07b09a',29,1,1795838814725,0,'delivered',204,NULL);
INSERT INTO "attempts" VALUES(44,'01a22055-959c-7d01-84ad-e27e73d0616c',28,2,1795838815044,1,'refused',503,NULL);
CREATE TABLE deliveries (
    webhook             TEXT    NOT NULL,
    seq                 INTEGER NOT NULL,
    subject             TEXT    NOT NULL,
    state               TEXT    NOT NULL,
    attempts            INTEGER NOT NULL,
    -- The first attempt since the delivery became pending.
    first_attempt_at    INTEGER,
    last_attempt_at     INTEGER,
    next_at             INTEGER,
    ended_at            INTEGER,
    PRIMARY KEY (webhook, seq)
) WITHOUT ROWID;
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',1,'01a22055-95a7-738e-a3fd-60dcea86bdf3','delivered',1,1795838809522,1795838809522,NULL,1795838809523);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',2,'7359167761862600005','delivered',1,1795838809522,1795838809522,NULL,1795838809524);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',3,'7359167761862600005','delivered',1,1795838809543,1795838809543,NULL,1795838809546);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',4,'01a22055-95b0-74d5-844d-c871266db54a','delivered',1,1795838809554,1795838809554,NULL,1795838809556);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',5,'7359167761862600005','delivered',1,1795838809559,1795838809559,NULL,1795838809560);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',6,'01a22055-95dd-7a48-a200-c4eb46dc68f1','delivered',1,1795838809578,1795838809578,NULL,1795838809581);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',7,'4359167761862600003','delivered',1,1795838809578,1795838809578,NULL,1795838809580);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',8,'4359167761862600003','delivered',1,1795838809588,1795838809588,NULL,1795838809590);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',9,'01a22055-959c-7d01-84ad-e27e73d0616c','delivered',1,1795838811551,1795838811551,NULL,1795838811552);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',10,'01a22055-9dce-787e-b06b-409fbbc02d6f','delivered',1,1795838811608,1795838811608,NULL,1795838811610);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',11,'7359167761862600007','delivered',1,1795838811608,1795838811608,NULL,1795838811610);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',12,'7359167761862600007','delivered',1,1795838811630,1795838811630,NULL,1795838811632);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',13,'01a22055-9dd7-72ab-9f5a-aabf6aac3faf','delivered',1,1795838811635,1795838811635,NULL,1795838811636);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',14,'7359167761862600007','delivered',1,1795838811643,1795838811643,NULL,1795838811644);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',15,'5359167761862600003','delivered',1,1795838811649,1795838811649,NULL,1795838811650);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',16,'5359167761862600003','delivered',1,1795838811654,1795838811654,NULL,1795838811655);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',17,'01a22055-9df0-78ed-b3be-fa6e74973bda','delivered',1,1795838811653,1795838811653,NULL,1795838811654);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',18,'01a22055-9e02-76f0-8dc4-e159bb3f47fc','delivered',1,1795838811664,1795838811664,NULL,1795838811665);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',19,'7359167761862600009','delivered',1,1795838811664,1795838811664,NULL,1795838811666);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',20,'01a22055-9e0c-718f-9655-767c8a5feb9f','delivered',1,1795838811677,1795838811677,NULL,1795838811679);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',21,'7359167761862600009','delivered',1,1795838811677,1795838811677,NULL,1795838811679);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',22,'01a22055-9e1a-768e-8ab2-cbd60170d3e9','delivered',1,1795838811695,1795838811695,NULL,1795838811697);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',23,'7359167761862600011','delivered',1,1795838811695,1795838811695,NULL,1795838811697);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',24,'01a22055-9e31-71c0-b154-898959bd2eaa','delivered',1,1795838812710,1795838812710,NULL,1795838812712);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',27,'01a22055-a9f4-7de8-807c-aeb8f5afa5b7','delivered',1,1795838814717,1795838814717,NULL,1795838814718);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',28,'7359167761862600013','delivered',1,1795838814717,1795838814717,NULL,1795838814718);
INSERT INTO "deliveries" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',29,'7359167761862600013','delivered',1,1795838814725,1795838814725,NULL,1795838814725);
INSERT INTO "deliveries" VALUES('01a22055-959c-7d01-84ad-e27e73d0616c',2,'7359167761862600005','delivered',1,1795838809526,1795838809526,NULL,1795838809526);
INSERT INTO "deliveries" VALUES('01a22055-959c-7d01-84ad-e27e73d0616c',3,'7359167761862600005','dead',4,1795838809542,1795838811545,NULL,1795838811546);
INSERT INTO "deliveries" VALUES('01a22055-959c-7d01-84ad-e27e73d0616c',5,'7359167761862600005','delivered',1,1795838811549,1795838811549,NULL,1795838811550);
INSERT INTO "deliveries" VALUES('01a22055-959c-7d01-84ad-e27e73d0616c',7,'4359167761862600003','delivered',1,1795838809577,1795838809577,NULL,1795838809580);
INSERT INTO "deliveries" VALUES('01a22055-959c-7d01-84ad-e27e73d0616c',8,'4359167761862600003','delivered',1,1795838809590,1795838809590,NULL,1795838809591);
INSERT INTO "deliveries" VALUES('01a22055-959c-7d01-84ad-e27e73d0616c',11,'7359167761862600007','delivered',1,1795838811610,1795838811610,NULL,1795838811611);
INSERT INTO "deliveries" VALUES('01a22055-959c-7d01-84ad-e27e73d0616c',12,'7359167761862600007','delivered',1,1795838811631,1795838811631,NULL,1795838811633);
INSERT INTO "deliveries" VALUES('01a22055-959c-7d01-84ad-e27e73d0616c',14,'7359167761862600007','delivered',1,1795838811640,1795838811640,NULL,1795838811643);
INSERT INTO "deliveries" VALUES('01a22055-959c-7d01-84ad-e27e73d0616c',19,'7359167761862600009','delivered',1,1795838811661,1795838811661,NULL,1795838811662);
INSERT INTO "deliveries" VALUES('01a22055-959c-7d01-84ad-e27e73d0616c',23,'7359167761862600011','delivered',1,1795838811695,1795838811695,NULL,1795838811696);
INSERT INTO "deliveries" VALUES('01a22055-959c-7d01-84ad-e27e73d0616c',28,'7359167761862600013','pending',2,1795838814720,1795838815044,1795838816140,NULL);
INSERT INTO "deliveries" VALUES('01a22055-959c-7d01-84ad-e27e73d0616c',29,'7359167761862600013','pending',0,NULL,NULL,NULL,NULL);
INSERT INTO "deliveries" VALUES('01a22055-95a0-7c52-bcf2-63e19030b98c',3,'7359167761862600005','delivered',1,1795838809540,1795838809540,NULL,1795838809542);
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
INSERT INTO "events" VALUES(1,'operation.settled','01a22055-95a7-738e-a3fd-60dcea86bdf3','succeeded','default','local','01a22055-95a7-738e-a3fd-60dcea86bdf3',1795838809517,'7359167761862600005','V8-1',0);
INSERT INTO "events" VALUES(2,'order.booked','7359167761862600005','booked','default','local','01a22055-95a7-738e-a3fd-60dcea86bdf3',1795838809517,'7359167761862600005','V8-1',0);
INSERT INTO "events" VALUES(3,'order.paid','7359167761862600005','paid','default','local',NULL,1795838809530,'7359167761862600005','V8-1',1);
INSERT INTO "events" VALUES(4,'operation.settled','01a22055-95b0-74d5-844d-c871266db54a','succeeded','default','local','01a22055-95b0-74d5-844d-c871266db54a',1795838809532,'7359167761862600005','V8-1',0);
INSERT INTO "events" VALUES(5,'order.ticketed','7359167761862600005','ticketed','default','local',NULL,1795838809539,'7359167761862600005','V8-1',0);
INSERT INTO "events" VALUES(6,'operation.settled','01a22055-95dd-7a48-a200-c4eb46dc68f1','succeeded','default','local','01a22055-95dd-7a48-a200-c4eb46dc68f1',1795838809571,'7359167761862600005','V8-1',0);
INSERT INTO "events" VALUES(7,'refund.created','4359167761862600003','created','default','local','01a22055-95dd-7a48-a200-c4eb46dc68f1',1795838809571,'7359167761862600005','V8-1',0);
INSERT INTO "events" VALUES(8,'refund.refunded','4359167761862600003','refunded','default','local',NULL,1795838809575,'7359167761862600005','V8-1',0);
INSERT INTO "events" VALUES(9,'webhook.undelivered','01a22055-959c-7d01-84ad-e27e73d0616c','3/4','default','local',NULL,1795838811546,NULL,NULL,0);
INSERT INTO "events" VALUES(10,'operation.settled','01a22055-9dce-787e-b06b-409fbbc02d6f','succeeded','default','local','01a22055-9dce-787e-b06b-409fbbc02d6f',1795838811604,'7359167761862600007','V8-2',0);
INSERT INTO "events" VALUES(11,'order.booked','7359167761862600007','booked','default','local','01a22055-9dce-787e-b06b-409fbbc02d6f',1795838811604,'7359167761862600007','V8-2',0);
INSERT INTO "events" VALUES(12,'order.paid','7359167761862600007','paid','default','local',NULL,1795838811617,'7359167761862600007','V8-2',1);
INSERT INTO "events" VALUES(13,'operation.settled','01a22055-9dd7-72ab-9f5a-aabf6aac3faf','succeeded','default','local','01a22055-9dd7-72ab-9f5a-aabf6aac3faf',1795838811619,'7359167761862600007','V8-2',0);
INSERT INTO "events" VALUES(14,'order.ticketed','7359167761862600007','ticketed','default','local',NULL,1795838811628,'7359167761862600007','V8-2',0);
INSERT INTO "events" VALUES(15,'change.created','5359167761862600003','created','default','local',NULL,1795838811642,'7359167761862600007','V8-2',0);
INSERT INTO "events" VALUES(16,'change.awaiting_payment','5359167761862600003','awaiting_payment','default','local',NULL,1795838811642,'7359167761862600007','V8-2',0);
INSERT INTO "events" VALUES(17,'operation.settled','01a22055-9df0-78ed-b3be-fa6e74973bda','succeeded','default','local','01a22055-9df0-78ed-b3be-fa6e74973bda',1795838811644,'7359167761862600007','V8-2',0);
INSERT INTO "events" VALUES(18,'operation.settled','01a22055-9e02-76f0-8dc4-e159bb3f47fc','succeeded','default','local','01a22055-9e02-76f0-8dc4-e159bb3f47fc',1795838811657,'7359167761862600009','V8-3',0);
INSERT INTO "events" VALUES(19,'order.booked','7359167761862600009','booked','default','local','01a22055-9e02-76f0-8dc4-e159bb3f47fc',1795838811657,'7359167761862600009','V8-3',0);
INSERT INTO "events" VALUES(20,'operation.settled','01a22055-9e0c-718f-9655-767c8a5feb9f','succeeded','default','local','01a22055-9e0c-718f-9655-767c8a5feb9f',1795838811670,'7359167761862600009','V8-3',0);
INSERT INTO "events" VALUES(21,'order.closed','7359167761862600009','closed','default','local','01a22055-9e0c-718f-9655-767c8a5feb9f',1795838811670,'7359167761862600009','V8-3',0);
INSERT INTO "events" VALUES(22,'operation.settled','01a22055-9e1a-768e-8ab2-cbd60170d3e9','succeeded','default','local','01a22055-9e1a-768e-8ab2-cbd60170d3e9',1795838811690,'7359167761862600011','V8-5',0);
INSERT INTO "events" VALUES(23,'order.booked','7359167761862600011','booked','default','local','01a22055-9e1a-768e-8ab2-cbd60170d3e9',1795838811690,'7359167761862600011','V8-5',0);
INSERT INTO "events" VALUES(24,'operation.unknown','01a22055-9e31-71c0-b154-898959bd2eaa','unknown','default','local','01a22055-9e31-71c0-b154-898959bd2eaa',1795838812706,'7359167761862600011','V8-5',0);
INSERT INTO "events" VALUES(25,'order.paid','1234125412','paid','default',NULL,NULL,1795838814705,'1234125412',NULL,0);
INSERT INTO "events" VALUES(26,'order.ticketed','1234125412','ticketed','default',NULL,NULL,1795838814705,'1234125412',NULL,0);
INSERT INTO "events" VALUES(27,'operation.settled','01a22055-a9f4-7de8-807c-aeb8f5afa5b7','succeeded','default','local','01a22055-a9f4-7de8-807c-aeb8f5afa5b7',1795838814713,'7359167761862600013','V8-4',0);
INSERT INTO "events" VALUES(28,'order.booked','7359167761862600013','booked','default','local','01a22055-a9f4-7de8-807c-aeb8f5afa5b7',1795838814713,'7359167761862600013','V8-4',0);
INSERT INTO "events" VALUES(29,'order.paid','7359167761862600013','paid','default','local',NULL,1795838814716,'7359167761862600013','V8-4',1);
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
INSERT INTO "inbox" VALUES(1,'alitrip_flight_TradeNotify','ead502d3313f4fe098778041201e3fd8','processed',NULL,NULL,'default',2200000000001,'7359167761862600005',1795838809529,1795838809530,1795838809530,1);
INSERT INTO "inbox" VALUES(2,'alitrip_flight_PayNotification','d2d0820b13ed48ac82bf93ab426a6006','processed',NULL,NULL,'default',2200000000001,'7359167761862600005',1795838809529,1795838809530,1795838809530,1);
INSERT INTO "inbox" VALUES(3,'alitrip_flight_TradeNotify','8e959c3d9ac247c98aee21b1def3bfce','processed',NULL,NULL,'default',2200000000001,'7359167761862600005',1795838809538,1795838809539,1795838809539,1);
INSERT INTO "inbox" VALUES(4,'alitrip_flight_RefundNotify','be5d8a2c4a184099943d34c4957cfa8b','processed',NULL,NULL,'default',2200000000001,'7359167761862600005',1795838809570,1795838809571,1795838809571,1);
INSERT INTO "inbox" VALUES(5,'alitrip_flight_RefundNotify','25b6273e6df349358676de16b1ea5fa5','processed',NULL,NULL,'default',2200000000001,'7359167761862600005',1795838809574,1795838809575,1795838809575,1);
INSERT INTO "inbox" VALUES(6,'alitrip_flight_TradeNotify','a1395023dbe84119b9100490c602256b','processed',NULL,NULL,'default',2200000000001,'7359167761862600007',1795838811617,1795838811617,1795838811617,1);
INSERT INTO "inbox" VALUES(7,'alitrip_flight_PayNotification','0bb9f654c36c439ab55b062ff026ad0d','processed',NULL,NULL,'default',2200000000001,'7359167761862600007',1795838811617,1795838811621,1795838811621,1);
INSERT INTO "inbox" VALUES(8,'alitrip_flight_TradeNotify','d7b3ea71288e4c8c8a7152e0cd0ace5e','processed',NULL,NULL,'default',2200000000001,'7359167761862600007',1795838811627,1795838811628,1795838811628,1);
INSERT INTO "inbox" VALUES(9,'alitrip_flight_ChangeStatusNotify','ec0be5b53b884e10824edd0e4638832c','processed',NULL,NULL,'default',2200000000001,'7359167761862600007',1795838811642,1795838811642,1795838811642,1);
INSERT INTO "inbox" VALUES(10,'alitrip_flight_TradeNotify','9fad9a90e3444852815aeafa03cf8011','processed',NULL,NULL,'default',2200000000001,'7359167761862600009',1795838811669,1795838811670,1795838811670,1);
INSERT INTO "inbox" VALUES(11,'alitrip_flight_TradeNotify','m-1','processed',NULL,NULL,'default',2200000000001,'1234125412',1795838814705,1795838814705,1795838814705,1);
INSERT INTO "inbox" VALUES(12,'alitrip_flight_TradeNotify','m-2','processed',NULL,NULL,'default',2200000000001,'7359167761862600013',1795838814716,1795838814716,1795838814716,1);
CREATE TABLE instances (
    id              TEXT    NOT NULL PRIMARY KEY,
    until_ms        INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO "instances" VALUES('01a22125-2cbe-71ce-8e7a-6913b1c6b535',1795852474172);
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
INSERT INTO "operations" VALUES('01a22055-95a7-738e-a3fd-60dcea86bdf3',7,3,'book','succeeded',NULL,'default','local','V8-1','reference:default:V8-1',NULL,'book:reference:default:V8-1',NULL,X'5766845011E6012C422C1FD7F45949B80CD2A3465173F9DCD836DDC96DC92538',NULL,X'08FC3755C3F986B9387C68BA3AB8DA0606A97EACC40CD0F8195E9A792410D5B5',X'1BE65FFF0F3E00B2F1013F1E3F9F1685DFB29BDA20CDE73468E83CF33BD4D67C','01a22055-9507-739a-95a8-f4b83dafa731',1795838809514,'{"kind":"book","out_order_no":"V8-1","total":"1070.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_f114a38c77254c00141d66bf106f309a"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795838809511,1795838809514,187,1795838809517,1795838809553,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a22055-9507-739a-95a8-f4b83dafa731","at_ms":209},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":{"boot":"01a22055-9507-739a-95a8-f4b83dafa731","at_ms":212},"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359167761862600005","out_order_no":"V8-1","status":"booked","status_text":"生单预定成功","total_price":"1070.00","paid_price":null,"booked_at":"2026-11-28T12:06:49+08:00","pay_before":"2026-11-28T12:36:49+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','book:default:7359167761862600005',NULL,NULL);
INSERT INTO "operations" VALUES('01a22055-95b0-74d5-844d-c871266db54a',3,3,'pay','succeeded',NULL,'default','local','7359167761862600005','order:default:7359167761862600005',NULL,'pay:order:default:7359167761862600005',NULL,NULL,NULL,X'266B0F0B2458F8551BA998705794DE4911C6480A702F42D77717F44B2B5FB0AD',X'A141DCEF1B4C342E1BFBFE3B7A95E30D7C4300CF2565459037F6B304D098C617','01a22055-9507-739a-95a8-f4b83dafa731',1795838809526,'{"kind":"pay","order_id":"7359167761862600005","total":"1070.00"}',1795838809520,1795838809526,199,1795838809532,1795838809532,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a22055-9507-739a-95a8-f4b83dafa731","at_ms":202},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":null,"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359167761862600005","out_order_no":"V8-1","status":"paid","status_text":"支付成功","total_price":"1070.00","paid_price":"1070.00","booked_at":"2026-11-28T12:06:49+08:00","pay_before":"2026-11-28T12:36:49+08:00","paid_at":"2026-11-28T12:06:49+08:00","trade_no":"20261128017359167761862600005","alipay_trade_no":"20261128227359167761862600005","passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}',NULL,NULL,NULL);
INSERT INTO "operations" VALUES('01a22055-95dd-7a48-a200-c4eb46dc68f1',6,3,'refund','succeeded',NULL,'default','local','7359167761862600005','order:default:7359167761862600005',NULL,'refund:order:default:7359167761862600005:V8-R',NULL,NULL,NULL,X'0F532F09A0370EF444FCCE8EC06653BB8E5E685687C6EF7823C0EF48302FA3C0',X'CBC299BBAF66BCD175784C1F1685D9B13E522D89A0BA30DBED0D3872B09DA166','01a22055-9507-739a-95a8-f4b83dafa731',1795838809569,'{"kind":"refund","order_id":"7359167761862600005","out_refund_no":"V8-R","refund_kind":"voluntary","passengers":["psg_f114a38c77254c00141d66bf106f309a"],"fee":{"known":"123.00"},"with_attachment":false}',1795838809565,1795838809569,242,1795838809571,1795838809584,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a22055-9507-739a-95a8-f4b83dafa731","at_ms":250},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":2,"watched_anchor":{"boot":"01a22055-9507-739a-95a8-f4b83dafa731","at_ms":250},"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,'{"numbers":[],"travellers":["psg_f114a38c77254c00141d66bf106f309a"]}','{"refund_order_no":"4359167761862600003","order_id":"7359167761862600005","out_refund_no":"V8-R","kind":"voluntary","status":"applied","fee":"123.00","refund_amount":null,"applied_at":null,"refunded_at":null,"attachment_awaited":false,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','refund:default:4359167761862600003',NULL,NULL);
INSERT INTO "operations" VALUES('01a22055-9dce-787e-b06b-409fbbc02d6f',7,3,'book','succeeded',NULL,'default','local','V8-2','reference:default:V8-2',NULL,'book:reference:default:V8-2',NULL,X'5766845011E6012C422C1FD7F45949B80CD2A3465173F9DCD836DDC96DC92538',NULL,X'016C9E911234A278F5B56E0636030C1FBED455522AC04DABB5E5CD8D31D31C61',X'225D06B8FBA66E500364E921B1657B69B8CA37074C012EB7CF77DF19641D73E8','01a22055-9507-739a-95a8-f4b83dafa731',1795838811601,'{"kind":"book","out_order_no":"V8-2","total":"1070.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_f114a38c77254c00141d66bf106f309a"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795838811598,1795838811601,2274,1795838811604,1795838811634,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a22055-9507-739a-95a8-f4b83dafa731","at_ms":2296},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":{"boot":"01a22055-9507-739a-95a8-f4b83dafa731","at_ms":2301},"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359167761862600007","out_order_no":"V8-2","status":"booked","status_text":"生单预定成功","total_price":"1070.00","paid_price":null,"booked_at":"2026-11-28T12:06:51+08:00","pay_before":"2026-11-28T12:36:51+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','book:default:7359167761862600007',NULL,NULL);
INSERT INTO "operations" VALUES('01a22055-9dd7-72ab-9f5a-aabf6aac3faf',3,3,'pay','succeeded',NULL,'default','local','7359167761862600007','order:default:7359167761862600007',NULL,'pay:order:default:7359167761862600007',NULL,NULL,NULL,X'C3771639EE2A128F53C88B8CBF412566DDCDBD55119D4B0C9D323AD28E172EC1',X'77E26F113D32144F18C7293F46181C61F8DA5F18D7A2F53C2EA9B91FB2BB3701','01a22055-9507-739a-95a8-f4b83dafa731',1795838811613,'{"kind":"pay","order_id":"7359167761862600007","total":"1070.00"}',1795838811607,1795838811614,2286,1795838811619,1795838811619,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a22055-9507-739a-95a8-f4b83dafa731","at_ms":2290},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":null,"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359167761862600007","out_order_no":"V8-2","status":"paid","status_text":"支付成功","total_price":"1070.00","paid_price":"1070.00","booked_at":"2026-11-28T12:06:51+08:00","pay_before":"2026-11-28T12:36:51+08:00","paid_at":"2026-11-28T12:06:51+08:00","trade_no":"20261128017359167761862600007","alipay_trade_no":"20261128227359167761862600007","passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}',NULL,NULL,NULL);
INSERT INTO "operations" VALUES('01a22055-9df0-78ed-b3be-fa6e74973bda',5,3,'change','succeeded',NULL,'default','local','7359167761862600007','order:default:7359167761862600007',NULL,'change:order:default:7359167761862600007:V8-C',NULL,NULL,NULL,X'DE00F9AD035DB237476872BD938357CCEA3FEDF349DA1DF13715978A8F6A735F',X'225B917398E8EACE9BD01A3540E02034A4C3662B9CCF9D1AF7930C09248387F4','01a22055-9507-739a-95a8-f4b83dafa731',1795838811639,'{"kind":"change","order_id":"7359167761862600007","out_change_no":"V8-C","passengers":["psg_f114a38c77254c00141d66bf106f309a"],"targets":["CZ8957@2030-05-21T08:45"],"max_total":"250.00"}',1795838811632,1795838811640,2312,1795838811644,NULL,'done','{"looks":2,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":479,"anchor":{"boot":"01a22125-2cbe-71ce-8e7a-6913b1c6b535","at_ms":564},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":518,"watched_anchor":{"boot":"01a22125-2cbe-71ce-8e7a-6913b1c6b535","at_ms":564},"last":"inconclusive","recorded":null}',1795852416143,1795925211644,NULL,0,NULL,NULL,'{"numbers":[],"travellers":["psg_f114a38c77254c00141d66bf106f309a"]}','{"change_order_no":"5359167761862600003","order_id":"7359167761862600007","out_change_no":"V8-C","status":"awaiting_payment","total_price":"140.00","fee_above_limit":false,"pay_before":"2026-11-28T12:36:51+08:00","paid_at":null,"trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','change:default:5359167761862600003',NULL,NULL);
INSERT INTO "operations" VALUES('01a22055-9e02-76f0-8dc4-e159bb3f47fc',5,3,'book','succeeded',NULL,'default','local','V8-3','reference:default:V8-3',NULL,'book:reference:default:V8-3',NULL,X'5766845011E6012C422C1FD7F45949B80CD2A3465173F9DCD836DDC96DC92538',NULL,X'097BB5354849FFD725289B7F085CCA3D4E7A664581F37156868EA4413621B137',X'7394BD82450021AE6846A184A5DC1967B81815DF7F0221140BC08268AF7C7F50','01a22055-9507-739a-95a8-f4b83dafa731',1795838811653,'{"kind":"book","out_order_no":"V8-3","total":"1070.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_f114a38c77254c00141d66bf106f309a"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795838811650,1795838811654,2326,1795838811657,1795838811681,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a22055-9507-739a-95a8-f4b83dafa731","at_ms":2351},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":8,"watched_anchor":{"boot":"01a22055-9507-739a-95a8-f4b83dafa731","at_ms":2351},"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359167761862600009","out_order_no":"V8-3","status":"booked","status_text":"生单预定成功","total_price":"1070.00","paid_price":null,"booked_at":"2026-11-28T12:06:51+08:00","pay_before":"2026-11-28T12:36:51+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','book:default:7359167761862600009',NULL,NULL);
INSERT INTO "operations" VALUES('01a22055-9e0c-718f-9655-767c8a5feb9f',5,3,'close','succeeded',NULL,'default','local','7359167761862600009','order:default:7359167761862600009',NULL,'close:order:default:7359167761862600009',NULL,NULL,NULL,X'EF28014EF7377495D5ED4BBDC9CEA9ED8F46D0102503372F4FE95A9448B4F054',X'8F735D122E26F4BD4D42887722FB927AD8F999B5B07072E52526306A1D368FC0','01a22055-9507-739a-95a8-f4b83dafa731',1795838811666,'{"kind":"close","order_id":"7359167761862600009"}',1795838811660,1795838811666,2339,1795838811670,1795838811678,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a22055-9507-739a-95a8-f4b83dafa731","at_ms":2349},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":6,"watched_anchor":{"boot":"01a22055-9507-739a-95a8-f4b83dafa731","at_ms":2349},"last":"happened","recorded":null}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359167761862600009","out_order_no":"V8-3","status":"closed","status_text":"已关闭","total_price":"1070.00","paid_price":null,"booked_at":"2026-11-28T12:06:51+08:00","pay_before":"2026-11-28T12:36:51+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}',NULL,NULL,NULL);
INSERT INTO "operations" VALUES('01a22055-9e1a-768e-8ab2-cbd60170d3e9',5,3,'book','succeeded',NULL,'default','local','V8-5','reference:default:V8-5',NULL,'book:reference:default:V8-5',NULL,X'5766845011E6012C422C1FD7F45949B80CD2A3465173F9DCD836DDC96DC92538',NULL,X'2AA7E97871F46F384871AA9332A54094D0B49A7A626636195C761B1955599CDB',X'0F6F10E1640F88E274E5D704E3246D749A1CE68404387EF9D990F533789F5293','01a22055-9507-739a-95a8-f4b83dafa731',1795838811679,'{"kind":"book","out_order_no":"V8-5","total":"1070.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_f114a38c77254c00141d66bf106f309a"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795838811674,1795838811679,2352,1795838811690,NULL,'done','{"looks":2,"absent":0,"agreeing":1,"refuting":0,"absent_ms":0,"looked_ms":338,"anchor":{"boot":"01a22125-2cbe-71ce-8e7a-6913b1c6b535","at_ms":421},"absent_anchor":null,"absent_session":null,"agreeing_anchor":{"boot":"01a22125-2cbe-71ce-8e7a-6913b1c6b535","at_ms":83},"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":375,"watched_anchor":{"boot":"01a22125-2cbe-71ce-8e7a-6913b1c6b535","at_ms":421},"last":"not_happened","recorded":null}',1795852415475,1795925211690,NULL,0,NULL,NULL,NULL,'{"order_id":"7359167761862600011","out_order_no":"V8-5","status":"booked","status_text":"生单预定成功","total_price":"1070.00","paid_price":null,"booked_at":"2026-11-28T12:06:51+08:00","pay_before":"2026-11-28T12:36:51+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','book:default:7359167761862600011',NULL,NULL);
INSERT INTO "operations" VALUES('01a22055-9e31-71c0-b154-898959bd2eaa',17,3,'pay','unknown',NULL,'default','local','7359167761862600011','order:default:7359167761862600011','order:default:7359167761862600011',NULL,NULL,NULL,NULL,X'37E5B786C70FD3DA4FA6303D69306CE0611494B0521DE393F70D190F6DA998D3',X'9FBF0A0229216C7FD52D7563B5F567D5D729BAE4FBAFB7FBF23AA9829A4A4871','01a22055-9507-739a-95a8-f4b83dafa731',1795838811703,'{"kind":"pay","order_id":"7359167761862600011","total":"1070.00"}',1795838811697,1795838811703,2376,NULL,NULL,'silence','{"looks":14,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":2468,"anchor":{"boot":"01a22125-2cbe-71ce-8e7a-6913b1c6b535","at_ms":313},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":null,"last":"inconclusive","recorded":null}',1795852416467,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "operations" VALUES('01a22055-a9f4-7de8-807c-aeb8f5afa5b7',7,3,'book','succeeded',NULL,'default','local','V8-4','reference:default:V8-4',NULL,'book:reference:default:V8-4',NULL,X'5766845011E6012C422C1FD7F45949B80CD2A3465173F9DCD836DDC96DC92538',NULL,X'133C77BA5DE73FD4C5EE742B99D91D11EC564A4E3817CA906DBD1B1BEBD472A0',X'96896091E27E0AC2699A7AB81462DCB026558227979DCD217389C97D818A312D','01a22055-9507-739a-95a8-f4b83dafa731',1795838814711,'{"kind":"book","out_order_no":"V8-4","total":"1070.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_f114a38c77254c00141d66bf106f309a"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795838814708,1795838814711,5384,1795838814713,NULL,'done','{"looks":3,"absent":0,"agreeing":1,"refuting":0,"absent_ms":0,"looked_ms":752,"anchor":{"boot":"01a22125-2cbe-71ce-8e7a-6913b1c6b535","at_ms":836},"absent_anchor":null,"absent_session":null,"agreeing_anchor":{"boot":"01a22125-2cbe-71ce-8e7a-6913b1c6b535","at_ms":84},"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":794,"watched_anchor":{"boot":"01a22125-2cbe-71ce-8e7a-6913b1c6b535","at_ms":836},"last":"not_happened","recorded":null}',1795852416749,1795925214716,NULL,0,NULL,NULL,NULL,'{"order_id":"7359167761862600013","out_order_no":"V8-4","status":"booked","status_text":"生单预定成功","total_price":"1070.00","paid_price":null,"booked_at":"2026-11-28T12:06:54+08:00","pay_before":"2026-11-28T12:36:54+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_f114a38c77254c00141d66bf106f309a"]}','book:default:7359167761862600013',NULL,NULL);
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
INSERT INTO "orders" VALUES('default','7359167761862600005','V8-1','local','2030-05-20T08:45:00+08:00',1795838809511,'01a22055-95a7-738e-a3fd-60dcea86bdf3');
INSERT INTO "orders" VALUES('default','7359167761862600007','V8-2','local','2030-05-21T08:45:00+08:00',1795838811598,'01a22055-9dce-787e-b06b-409fbbc02d6f');
INSERT INTO "orders" VALUES('default','7359167761862600009','V8-3','local','2030-05-20T08:45:00+08:00',1795838811650,'01a22055-9e02-76f0-8dc4-e159bb3f47fc');
INSERT INTO "orders" VALUES('default','7359167761862600011','V8-5','local','2030-05-20T08:45:00+08:00',1795838811674,'01a22055-9e1a-768e-8ab2-cbd60170d3e9');
INSERT INTO "orders" VALUES('default','7359167761862600013','V8-4','local','2030-05-20T08:45:00+08:00',1795838814708,'01a22055-a9f4-7de8-807c-aeb8f5afa5b7');
CREATE TABLE proofs (
    account         TEXT    NOT NULL,
    lookup          TEXT    NOT NULL,
    key             TEXT    NOT NULL,
    session         TEXT,
    at              INTEGER NOT NULL,
    PRIMARY KEY (account, lookup)
) WITHOUT ROWID;
INSERT INTO "proofs" VALUES('default','changes_of_order','7359167761862600007',NULL,0);
INSERT INTO "proofs" VALUES('default','order_by_reference','V8-3','5042958c620fa79d71c408a27fae5cf7',1795838811681);
INSERT INTO "proofs" VALUES('default','refunds_of_order','7359167761862600005','5042958c620fa79d71c408a27fae5cf7',1795838809579);
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
INSERT INTO "resources" VALUES('default','change','5359167761862600003','7359167761862600007','local','["change.created","change.awaiting_payment"]',0,1795838811644,1795852474169);
INSERT INTO "resources" VALUES('default','order','7359167761862600005','7359167761862600005','local','["order.booked","order.paid","order.ticketed"]',1,1795838809539,1795925209539);
INSERT INTO "resources" VALUES('default','order','7359167761862600007','7359167761862600007','local','["order.booked","order.paid","order.ticketed"]',1,1795838811628,1795925211628);
INSERT INTO "resources" VALUES('default','order','7359167761862600009','7359167761862600009','local','["order.booked","order.closed"]',1,1795838811670,1795925211670);
INSERT INTO "resources" VALUES('default','order','7359167761862600011','7359167761862600011','local','["order.booked"]',0,1795838811690,1795838815888);
INSERT INTO "resources" VALUES('default','order','7359167761862600013','7359167761862600013','local','["order.booked","order.paid"]',0,1795838814716,1795852474769);
INSERT INTO "resources" VALUES('default','refund','4359167761862600003','7359167761862600005','local','["refund.created","refund.refunded"]',1,1795838809575,1795925209575);
CREATE TABLE sessions (
    account             TEXT    NOT NULL PRIMARY KEY,
    revision            INTEGER NOT NULL,
    tag                 TEXT    NOT NULL,
    configured          TEXT,
    sealed              BLOB,
    user_id             INTEGER,
    authorised_at       INTEGER NOT NULL,
    expires_at          INTEGER NOT NULL,
    expiry              TEXT    NOT NULL,
    refreshable_until   INTEGER
) WITHOUT ROWID;
INSERT INTO "sessions" VALUES('default',2,'e8d831ff43325b96d71d9704d12c3655','5042958c620fa79d71c408a27fae5cf7',X'0136AF65EF0725F833CDCFF8873B4B09BB54DF7DED11E6D72ECC70F98AD301F3FBD1A5E7D05E3CB2FC0248177A6CFBE1D26ECC7A59CB8747DC8077CC7D05268BA30AF769F0E52D75BFF2930341167E545C0D74CFF6705264E9BECF',NULL,1795852414402,1803628414402,'estimated',NULL);
CREATE TABLE timeline (
    operation_id    TEXT    NOT NULL,
    seq             INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    state           TEXT    NOT NULL,
    what            TEXT    NOT NULL,
    PRIMARY KEY (operation_id, seq)
) WITHOUT ROWID;
INSERT INTO "timeline" VALUES('01a22055-95a7-738e-a3fd-60dcea86bdf3',8,1795838809511,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a22055-95a7-738e-a3fd-60dcea86bdf3',16,1795838809514,'sending','sending');
INSERT INTO "timeline" VALUES('01a22055-95a7-738e-a3fd-60dcea86bdf3',24,1795838809517,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a22055-95a7-738e-a3fd-60dcea86bdf3',32,1795838809530,'succeeded','TOP sent the message ead502d3313f4fe098778041201e3fd8 of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a22055-95a7-738e-a3fd-60dcea86bdf3',40,1795838809530,'succeeded','TOP sent the message d2d0820b13ed48ac82bf93ab426a6006 of alitrip_flight_PayNotification');
INSERT INTO "timeline" VALUES('01a22055-95a7-738e-a3fd-60dcea86bdf3',48,1795838809539,'succeeded','TOP sent the message 8e959c3d9ac247c98aee21b1def3bfce of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a22055-95a7-738e-a3fd-60dcea86bdf3',56,1795838809553,'succeeded','lookup 1: found: the order is paid; confirmed');
INSERT INTO "timeline" VALUES('01a22055-95b0-74d5-844d-c871266db54a',8,1795838809520,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a22055-95b0-74d5-844d-c871266db54a',16,1795838809526,'sending','sending');
INSERT INTO "timeline" VALUES('01a22055-95b0-74d5-844d-c871266db54a',24,1795838809532,'succeeded','upstream reported success; lookup 1: found: the order is paid');
INSERT INTO "timeline" VALUES('01a22055-95dd-7a48-a200-c4eb46dc68f1',8,1795838809565,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a22055-95dd-7a48-a200-c4eb46dc68f1',16,1795838809569,'sending','sending');
INSERT INTO "timeline" VALUES('01a22055-95dd-7a48-a200-c4eb46dc68f1',24,1795838809571,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a22055-95dd-7a48-a200-c4eb46dc68f1',32,1795838809571,'succeeded','TOP sent the message be5d8a2c4a184099943d34c4957cfa8b of alitrip_flight_RefundNotify');
INSERT INTO "timeline" VALUES('01a22055-95dd-7a48-a200-c4eb46dc68f1',40,1795838809575,'succeeded','TOP sent the message 25b6273e6df349358676de16b1ea5fa5 of alitrip_flight_RefundNotify');
INSERT INTO "timeline" VALUES('01a22055-95dd-7a48-a200-c4eb46dc68f1',48,1795838809584,'succeeded','lookup 1: found: the refund is refunded; confirmed');
INSERT INTO "timeline" VALUES('01a22055-9dce-787e-b06b-409fbbc02d6f',8,1795838811598,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a22055-9dce-787e-b06b-409fbbc02d6f',16,1795838811601,'sending','sending');
INSERT INTO "timeline" VALUES('01a22055-9dce-787e-b06b-409fbbc02d6f',24,1795838811604,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a22055-9dce-787e-b06b-409fbbc02d6f',32,1795838811617,'succeeded','TOP sent the message a1395023dbe84119b9100490c602256b of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a22055-9dce-787e-b06b-409fbbc02d6f',40,1795838811621,'succeeded','TOP sent the message 0bb9f654c36c439ab55b062ff026ad0d of alitrip_flight_PayNotification');
INSERT INTO "timeline" VALUES('01a22055-9dce-787e-b06b-409fbbc02d6f',48,1795838811628,'succeeded','TOP sent the message d7b3ea71288e4c8c8a7152e0cd0ace5e of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a22055-9dce-787e-b06b-409fbbc02d6f',56,1795838811635,'succeeded','lookup 1: found: the order is paid; confirmed');
INSERT INTO "timeline" VALUES('01a22055-9dd7-72ab-9f5a-aabf6aac3faf',8,1795838811607,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a22055-9dd7-72ab-9f5a-aabf6aac3faf',16,1795838811614,'sending','sending');
INSERT INTO "timeline" VALUES('01a22055-9dd7-72ab-9f5a-aabf6aac3faf',24,1795838811619,'succeeded','upstream reported success; lookup 1: found: the order is paid');
INSERT INTO "timeline" VALUES('01a22055-9df0-78ed-b3be-fa6e74973bda',8,1795838811632,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a22055-9df0-78ed-b3be-fa6e74973bda',16,1795838811640,'sending','sending');
INSERT INTO "timeline" VALUES('01a22055-9df0-78ed-b3be-fa6e74973bda',24,1795838811644,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a22055-9df0-78ed-b3be-fa6e74973bda',32,1795852414182,'succeeded','lookup 1: upstream no longer finds the order');
INSERT INTO "timeline" VALUES('01a22055-9df0-78ed-b3be-fa6e74973bda',40,1795852415370,'succeeded','lookup 2: upstream no longer finds the order');
INSERT INTO "timeline" VALUES('01a22055-9e02-76f0-8dc4-e159bb3f47fc',8,1795838811650,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a22055-9e02-76f0-8dc4-e159bb3f47fc',16,1795838811654,'sending','sending');
INSERT INTO "timeline" VALUES('01a22055-9e02-76f0-8dc4-e159bb3f47fc',24,1795838811657,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a22055-9e02-76f0-8dc4-e159bb3f47fc',32,1795838811670,'succeeded','TOP sent the message 9fad9a90e3444852815aeafa03cf8011 of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a22055-9e02-76f0-8dc4-e159bb3f47fc',40,1795838811681,'succeeded','lookup 1: found: the order is closed; confirmed');
INSERT INTO "timeline" VALUES('01a22055-9e0c-718f-9655-767c8a5feb9f',8,1795838811660,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a22055-9e0c-718f-9655-767c8a5feb9f',16,1795838811666,'sending','sending');
INSERT INTO "timeline" VALUES('01a22055-9e0c-718f-9655-767c8a5feb9f',24,1795838811670,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a22055-9e0c-718f-9655-767c8a5feb9f',32,1795838811670,'succeeded','TOP sent the message 9fad9a90e3444852815aeafa03cf8011 of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a22055-9e0c-718f-9655-767c8a5feb9f',40,1795838811678,'succeeded','lookup 1: found: the order is closed; confirmed');
INSERT INTO "timeline" VALUES('01a22055-9e1a-768e-8ab2-cbd60170d3e9',8,1795838811674,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a22055-9e1a-768e-8ab2-cbd60170d3e9',16,1795838811679,'sending','sending');
INSERT INTO "timeline" VALUES('01a22055-9e1a-768e-8ab2-cbd60170d3e9',24,1795838811690,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a22055-9e1a-768e-8ab2-cbd60170d3e9',32,1795852414181,'succeeded','lookup 1: upstream has no such order');
INSERT INTO "timeline" VALUES('01a22055-9e1a-768e-8ab2-cbd60170d3e9',40,1795852414571,'succeeded','lookup 2: upstream has no such order');
INSERT INTO "timeline" VALUES('01a22055-9e31-71c0-b154-898959bd2eaa',8,1795838811697,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a22055-9e31-71c0-b154-898959bd2eaa',16,1795838811703,'sending','sending');
INSERT INTO "timeline" VALUES('01a22055-9e31-71c0-b154-898959bd2eaa',24,1795838812706,'unknown','no conclusive response; lookups follow');
INSERT INTO "timeline" VALUES('01a22055-9e31-71c0-b154-898959bd2eaa',32,1795838812760,'unknown','lookup 1: upstream could not be read, or its response is inconclusive');
INSERT INTO "timeline" VALUES('01a22055-9e31-71c0-b154-898959bd2eaa',40,1795838812873,'unknown','lookup 2: upstream could not be read, or its response is inconclusive');
INSERT INTO "timeline" VALUES('01a22055-9e31-71c0-b154-898959bd2eaa',48,1795838813046,'unknown','lookup 3: upstream could not be read, or its response is inconclusive');
INSERT INTO "timeline" VALUES('01a22055-9e31-71c0-b154-898959bd2eaa',56,1795838813288,'unknown','lookup 4: upstream could not be read, or its response is inconclusive');
INSERT INTO "timeline" VALUES('01a22055-9e31-71c0-b154-898959bd2eaa',64,1795838813509,'unknown','lookup 5: upstream could not be read, or its response is inconclusive');
INSERT INTO "timeline" VALUES('01a22055-9e31-71c0-b154-898959bd2eaa',72,1795838813723,'unknown','lookup 6: upstream could not be read, or its response is inconclusive');
INSERT INTO "timeline" VALUES('01a22055-9e31-71c0-b154-898959bd2eaa',80,1795838813967,'unknown','lookup 7: upstream could not be read, or its response is inconclusive');
INSERT INTO "timeline" VALUES('01a22055-9e31-71c0-b154-898959bd2eaa',88,1795838814197,'unknown','lookup 8: upstream could not be read, or its response is inconclusive');
INSERT INTO "timeline" VALUES('01a22055-9e31-71c0-b154-898959bd2eaa',96,1795838814387,'unknown','lookup 9: upstream could not be read, or its response is inconclusive');
INSERT INTO "timeline" VALUES('01a22055-9e31-71c0-b154-898959bd2eaa',104,1795838814566,'unknown','lookup 10: upstream could not be read, or its response is inconclusive');
INSERT INTO "timeline" VALUES('01a22055-a9f4-7de8-807c-aeb8f5afa5b7',8,1795838814708,'accepted','accepted');
INSERT INTO "timeline" VALUES('01a22055-a9f4-7de8-807c-aeb8f5afa5b7',16,1795838814711,'sending','sending');
INSERT INTO "timeline" VALUES('01a22055-a9f4-7de8-807c-aeb8f5afa5b7',24,1795838814713,'succeeded','upstream reported success');
INSERT INTO "timeline" VALUES('01a22055-a9f4-7de8-807c-aeb8f5afa5b7',32,1795838814716,'succeeded','TOP sent the message m-2 of alitrip_flight_TradeNotify');
INSERT INTO "timeline" VALUES('01a22055-a9f4-7de8-807c-aeb8f5afa5b7',40,1795838814721,'succeeded','lookup 1: upstream could not be read, or its response is inconclusive');
INSERT INTO "timeline" VALUES('01a22055-a9f4-7de8-807c-aeb8f5afa5b7',48,1795852414182,'succeeded','lookup 2: upstream has no such order');
INSERT INTO "timeline" VALUES('01a22055-a9f4-7de8-807c-aeb8f5afa5b7',56,1795852415170,'succeeded','lookup 3: upstream has no such order');
CREATE TABLE webhooks (
    id              TEXT    NOT NULL PRIMARY KEY,
    -- The compare-and-set of changes by callers and operators. Progress does not change it.
    revision        INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    owner           TEXT    NOT NULL,
    all_callers     INTEGER NOT NULL,
    -- The id once it is deleted, so that the address is free again.
    url             TEXT    NOT NULL,
    -- The types of events that it gets, a JSON list; all types if empty.
    types           TEXT    NOT NULL,
    description     TEXT,
    state           TEXT    NOT NULL,
    secrets         BLOB    NOT NULL,
    -- Events up to this position have deliveries.
    position        INTEGER NOT NULL,
    -- Earlier events that are delivered again; NULL if there are none.
    replays         TEXT    NOT NULL,
    failures        INTEGER NOT NULL,
    failing_since   INTEGER,
    resumed_at      INTEGER,
    created_at      INTEGER NOT NULL,
    -- The row is removed once its deliveries are.
    deleted         INTEGER NOT NULL
);
INSERT INTO "webhooks" VALUES('01a22055-9599-7113-9b8d-28b1cf07b09a',1,1,'local',0,'http://127.0.0.1:9876/all','[]','所有事件','active',X'01DF28E3FFECCCB6908F792E2D6959670B11B448F183F1E897C18D15CC61F0A8336B0606A1AB81A03006EDC20CE2106CBE96A15D2EE16B83B691FC13D351105EF2564D09D51C0C2EF8E700E0F3E5CABAF04D57B5C66D18CB696D1210FB51C0',29,'[]',0,NULL,NULL,1795838809497,0);
INSERT INTO "webhooks" VALUES('01a22055-959c-7d01-84ad-e27e73d0616c',10,1,'local',0,'http://127.0.0.1:9876/flaky','["order.booked","order.paid","order.ticketed","refund.created","refund.refunded"]',NULL,'active',X'013B1DB5B3D2E2BEA16763AC4B6795E5B8BA5BC9666CA28854C52C90DAC19D422E971CE54E4930B3EB3650AF35CCCD64A4B61F1918C607094E19BF4000449AD0C3314F18ED93623B92C669972238B53778848F7CCA499659A7FF1D5B096F5B',29,'[]',1,1795838814720,NULL,1795838809500,0);
INSERT INTO "webhooks" VALUES('01a22055-95a0-7c52-bcf2-63e19030b98c',3,3,'local',0,'http://127.0.0.1:9876/paused','["order.paid"]',NULL,'paused',X'01261DA89A1DFB86CCF04B221C80A282590D9B971060EF9074867BB15EB701FC59CC8262250A931EBC09EE94D66E2CBEB023134346E1A2D0FBDFAF5E43E4270A3D6005B0CD5D25DE36CFF2558796F36721EA6E4B9C37C56C8364A38A801ABB',3,'[{"after":0,"to":3,"dead_only":false}]',0,NULL,NULL,1795838809504,0);
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
CREATE UNIQUE INDEX webhooks_url ON webhooks (owner, url);
CREATE INDEX deliveries_due ON deliveries (webhook, next_at, seq);
CREATE INDEX deliveries_untried ON deliveries (webhook, first_attempt_at, next_at, seq);
CREATE INDEX deliveries_subject ON deliveries (webhook, subject, state, seq);
CREATE INDEX deliveries_webhook_state ON deliveries (webhook, state, seq);
CREATE INDEX deliveries_state ON deliveries (state, seq);
CREATE INDEX deliveries_ended ON deliveries (webhook, state, ended_at);
CREATE INDEX attempts_webhook ON attempts (webhook, id);
CREATE INDEX attempts_event ON attempts (webhook, seq, id);
CREATE INDEX attachments_order ON attachments (order_id, account);
CREATE UNIQUE INDEX sessions_user ON sessions (user_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',29);
INSERT INTO "sqlite_sequence" VALUES('attempts',44);
INSERT INTO "sqlite_sequence" VALUES('inbox',12);
COMMIT;
