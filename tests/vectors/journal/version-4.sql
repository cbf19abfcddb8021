PRAGMA user_version = 4;
BEGIN TRANSACTION;
CREATE TABLE attachments (
    id              BLOB    NOT NULL PRIMARY KEY,
    account         TEXT    NOT NULL,
    order_id        TEXT,
    file_id         TEXT    NOT NULL,
    at              INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE meta (
    name            TEXT    NOT NULL PRIMARY KEY,
    value           BLOB    NOT NULL
) WITHOUT ROWID;
INSERT INTO meta VALUES('hash_key_check',X'6a042f9c85c5876c09ac2d54e7c9e146e0ec7dc9fe9203385973d9a79041b42b');
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
INSERT INTO operations VALUES('01a21b9b-593a-794c-bb1c-5fda2f7f5e90',4,3,'book','succeeded',NULL,'default','local','V3-1','reference:default:V3-1',NULL,'book:reference:default:V3-1',NULL,X'83f3d5a1c0b6989f0a41dc82650a0302fc2a73bb3907dc81aef97f0d0bf8647a',NULL,X'07b04550bcac22a9fb5e534400927e77c3b6935c55aa59ee835d53aa843c8e95',X'11f9bf8dd6537c7d597a5ffcc2e61db1e62a79f1252f1bd01da1a62c066f6b1e','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495487,'{"kind":"book","out_order_no":"V3-1","total":"1580.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795759495482,1795759495487,105,1795759495489,1795759500495,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5110},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":5003,"watched_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5110},"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359151899076000005","out_order_no":"V3-1","status":"booked","status_text":"生单预定成功","total_price":"1580.00","paid_price":null,"booked_at":"2026-11-27T14:04:55+08:00","pay_before":"2026-11-27T14:34:55+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}','book:default:7359151899076000005',NULL,NULL);
INSERT INTO operations VALUES('01a21b9b-5943-71e7-a49e-63bcb4dfd01e',3,3,'pay','succeeded',NULL,'default','local','7359151899076000005','order:default:7359151899076000005',NULL,'pay:order:default:7359151899076000005',NULL,NULL,NULL,X'f87e421c3514ef45d7dabc26d0f97d81d44de9c6feeaade39cb48790507b7f56',X'9feb8e3b42afe99b13a6f023420e9432e15cfeffb676fc725b6a4679da24d1f3','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495494,'{"kind":"pay","order_id":"7359151899076000005","total":"1580.00"}',1795759495491,1795759495494,112,1795759495497,1795759495497,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":114},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":null,"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359151899076000005","out_order_no":"V3-1","status":"paid","status_text":"支付成功","total_price":"1580.00","paid_price":"1580.00","booked_at":"2026-11-27T14:04:55+08:00","pay_before":"2026-11-27T14:34:55+08:00","paid_at":"2026-11-27T14:04:55+08:00","trade_no":"20261127017359151899076000005","alipay_trade_no":"20261127227359151899076000005","passenger_ids":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}',NULL,NULL,NULL);
INSERT INTO operations VALUES('01a21b9b-5950-702f-97c7-43e1035b4b93',4,4,'change','succeeded',NULL,'default','local','7359151899076000005','order:default:7359151899076000005',NULL,'change:order:default:7359151899076000005:V3-C-1',NULL,NULL,NULL,X'452987636e12380f9dec5c30ae3cc599d4d9cd35e886b115af4fc84091ac9ac7',X'c16c0d4083edc5d0747ca18ba28cdc43b96ce12f20990aeda6d8faaa09c59694','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495508,'{"kind":"change","order_id":"7359151899076000005","out_change_no":"V3-C-1","passengers":["psg_3eafe91b757824dbb04dc93d5f71ff23"],"targets":["CZ8957@2030-05-21T08:45"],"max_total":"250.00"}',1795759495504,1795759495508,126,1795759495717,1795759495717,'silence','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":333},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":null,"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,'{"numbers":[],"travellers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}','{"change_order_no":"5359151899076000003","order_id":"7359151899076000005","out_change_no":"V3-C-1","status":"awaiting_payment","total_price":"140.00","fee_above_limit":false,"pay_before":"2026-11-27T14:34:55+08:00","paid_at":null,"trade_no":null,"passenger_ids":["psg_3eafe91b757824dbb04dc93d5f71ff23"]}','change:default:5359151899076000003',NULL,NULL);
INSERT INTO operations VALUES('01a21b9b-5a28-7e73-a4f0-72157eb4070d',3,3,'change_pay','succeeded',NULL,'default','local','5359151899076000003','change:default:5359151899076000003',NULL,'change_pay:change:default:5359151899076000003',NULL,NULL,NULL,X'da303e78a711a7dc3805bfd9a282b8c0b953e3a48b8ec24a7bd45cd219079255',X'2e2244c68fe0a3fdf219f33b44a3f9b9f108a3df5b12bd7d8072da024e1ab397','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495723,'{"kind":"change_pay","change_order_no":"5359151899076000003","total":"140.00"}',1795759495720,1795759495723,341,1795759495726,1795759495726,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":343},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":null,"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"change_order_no":"5359151899076000003","order_id":"7359151899076000005","out_change_no":"V3-C-1","status":"awaiting_ticketing","total_price":"140.00","fee_above_limit":null,"pay_before":"2026-11-27T14:34:55+08:00","paid_at":"2026-11-27T14:04:55+08:00","trade_no":"20261127015359151899076000003","passenger_ids":["psg_3eafe91b757824dbb04dc93d5f71ff23"]}',NULL,NULL,NULL);
INSERT INTO operations VALUES('01a21b9b-5a31-747d-88f1-e3c4fa640fa4',4,3,'change','succeeded',NULL,'default','local','7359151899076000005','order:default:7359151899076000005',NULL,'change:order:default:7359151899076000005:V3-C-2',NULL,NULL,NULL,X'a3053bcb6081a2b7279e8f4b2845766db0cd7d953db293fd2068b581229b38aa',X'1ddf79f4431a17151be9756391c3513f447714dfc37384acf026f379d4e9fe18','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495733,'{"kind":"change","order_id":"7359151899076000005","out_change_no":"V3-C-2","passengers":["psg_5f2d6bca84f0018e7309e3fc11a60613"],"targets":["CZ8957@2030-05-21T08:45"],"max_total":"250.00"}',1795759495729,1795759495733,351,1795759495734,1795759500739,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5355},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":5003,"watched_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5355},"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,'{"numbers":[5359151899076000003],"travellers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}','{"change_order_no":"5359151899076000005","order_id":"7359151899076000005","out_change_no":"V3-C-2","status":"awaiting_payment","total_price":"65.00","fee_above_limit":false,"pay_before":"2026-11-27T14:34:55+08:00","paid_at":null,"trade_no":null,"passenger_ids":["psg_5f2d6bca84f0018e7309e3fc11a60613"]}','change:default:5359151899076000005',NULL,NULL);
INSERT INTO operations VALUES('01a21b9b-5a39-7a41-aad2-b6387a175335',5,3,'change_cancel','succeeded',NULL,'default','local','5359151899076000005','change:default:5359151899076000005',NULL,'change_cancel:change:default:5359151899076000005',NULL,NULL,NULL,X'c58873aeab6f3727c4e362fe0cea7a9752f8f75edf5f9b7f2bcc0b2028964576',X'ab3f4ef645e635aacc7c94e5bef17e921bfc7197af027a440ccf83a045991a5e','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495740,'{"kind":"change_cancel","change_order_no":"5359151899076000005"}',1795759495737,1795759495740,358,1795759495742,1795759500770,'done','{"looks":2,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":4,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5390},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":5030,"watched_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5390},"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"change_order_no":"5359151899076000005","order_id":"7359151899076000005","out_change_no":"V3-C-2","status":"closed","total_price":"65.00","fee_above_limit":null,"pay_before":"2026-11-27T14:34:55+08:00","paid_at":null,"trade_no":null,"passenger_ids":["psg_5f2d6bca84f0018e7309e3fc11a60613"]}',NULL,NULL,NULL);
INSERT INTO operations VALUES('01a21b9b-5a43-7a75-9ae3-64a5c8a31cd9',4,3,'refund','succeeded',NULL,'default','local','7359151899076000005','order:default:7359151899076000005',NULL,'refund:order:default:7359151899076000005:V3-R-1',NULL,NULL,NULL,X'e0e0cc71eaf96796a338dea2a77d05e9c70591f6b204ae33cda0a3c3c446a1cf',X'395842b351946f8c81476a70ff1996a878e9087303e7fd922d9a0b0e1476c204','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495751,'{"kind":"refund","order_id":"7359151899076000005","out_refund_no":"V3-R-1","refund_kind":"voluntary","passengers":["psg_5f2d6bca84f0018e7309e3fc11a60613"],"fee":{"known":"61.50"},"with_attachment":false}',1795759495747,1795759495751,369,1795759495753,1795759500768,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5383},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":5012,"watched_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5383},"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,'{"numbers":[],"travellers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}','{"refund_order_no":"4359151899076000003","order_id":"7359151899076000005","out_refund_no":"V3-R-1","kind":"voluntary","status":"applied","fee":"61.50","refund_amount":null,"applied_at":null,"refunded_at":null,"attachment_awaited":false,"passenger_ids":["psg_5f2d6bca84f0018e7309e3fc11a60613"]}','refund:default:4359151899076000003',NULL,NULL);
INSERT INTO operations VALUES('01a21b9b-5a4c-774e-a753-4ca34a84c7af',4,3,'book','succeeded',NULL,'default','local','V3-2','reference:default:V3-2',NULL,'book:reference:default:V3-2',NULL,X'83f3d5a1c0b6989f0a41dc82650a0302fc2a73bb3907dc81aef97f0d0bf8647a',NULL,X'7592a44add6f744b588177cfd6cbaf8795d6bddd30d39ee07911b57f2c1fadf5',X'3e6f0266ab37f8c123459d0b01eaec204899295e93e66df18087fa9663947858','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495759,'{"kind":"book","out_order_no":"V3-2","total":"1580.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795759495756,1795759495759,377,1795759495761,1795759500768,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5384},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":5005,"watched_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5384},"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359151899076000007","out_order_no":"V3-2","status":"booked","status_text":"生单预定成功","total_price":"1580.00","paid_price":null,"booked_at":"2026-11-27T14:04:55+08:00","pay_before":"2026-11-27T14:34:55+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}','book:default:7359151899076000007',NULL,NULL);
INSERT INTO operations VALUES('01a21b9b-5a54-7c38-8a84-1fc49165f89c',4,3,'close','succeeded',NULL,'default','local','7359151899076000007','order:default:7359151899076000007',NULL,'close:order:default:7359151899076000007',NULL,NULL,NULL,X'3526d64380c5ad28bd4b24960770395902bcf0956f1cf444b327d9a2772d074e',X'b806642bc47f2cea87a64c1cd480c5dd8e77656df1ead00067f97c75e72c044c','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495767,'{"kind":"close","order_id":"7359151899076000007"}',1795759495764,1795759495767,385,1795759495769,1795759501140,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5390},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":5003,"watched_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5390},"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359151899076000007","out_order_no":"V3-2","status":"closed","status_text":"已关闭","total_price":"1580.00","paid_price":null,"booked_at":"2026-11-27T14:04:55+08:00","pay_before":"2026-11-27T14:34:55+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}',NULL,NULL,NULL);
INSERT INTO operations VALUES('01a21b9b-5a5c-7741-9a75-56e169960c6b',2,2,'pay','not_executed','not_sent','default','local','7359151899076000007','order:default:7359151899076000007',NULL,NULL,NULL,NULL,NULL,NULL,X'e876091761af86a646d683cf15d64df23ffe5e0cbf7b9b95091b957c5bb72705','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495772,'{"kind":"pay","order_id":"7359151899076000007","total":"1.00"}',1795759495772,NULL,NULL,1795759495774,NULL,'silence','{"looks":0,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":null,"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":null,"last":null}',NULL,NULL,1795845895774,0,NULL,NULL,NULL,NULL,NULL,NULL,'{"cause":"order_not_payable","upstream":null,"detail":"the order is closed","hint":null,"retry_after":null}');
INSERT INTO operations VALUES('01a21b9b-5a61-763f-aabb-3d73b857acc6',4,3,'book','succeeded',NULL,'default','local','V3-3','reference:default:V3-3',NULL,'book:reference:default:V3-3',NULL,X'83f3d5a1c0b6989f0a41dc82650a0302fc2a73bb3907dc81aef97f0d0bf8647a',NULL,X'5295d4910182f7b9b778051b0c4abba259969ba0fc686ac0791a5e26669976ff',X'20f0ebbf0c1e2364c531587712260943c3a917684be51485be5ecdb182c82b7e','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495779,'{"kind":"book","out_order_no":"V3-3","total":"1580.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795759495777,1795759495779,397,1795759495781,1795759500940,'done','{"looks":1,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5419},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":5020,"watched_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":5419},"last":"happened"}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359151899076000009","out_order_no":"V3-3","status":"booked","status_text":"生单预定成功","total_price":"1580.00","paid_price":null,"booked_at":"2026-11-27T14:04:55+08:00","pay_before":"2026-11-27T14:34:55+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}','book:default:7359151899076000009',NULL,NULL);
INSERT INTO operations VALUES('01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a',6,4,'pay','rejected',NULL,'default','local','7359151899076000009','order:default:7359151899076000009',NULL,NULL,NULL,NULL,NULL,X'3595bf79ac2f3784e41e01c8e46d3635e48d067731c70fa7149f41872d784e9b',X'08543bbc6f4b11a65d078355176bbbac8d424a0246b913ea396a6fc11bd684ef','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759495787,'{"kind":"pay","order_id":"7359151899076000009","total":"1580.00"}',1795759495784,1795759495787,405,1795759502496,NULL,'refused_unlisted','{"looks":4,"absent":2,"agreeing":2,"refuting":0,"absent_ms":1005,"looked_ms":6706,"anchor":{"boot":"01a21d2d-f67f-7a76-a5b4-a33b7583cc03","at_ms":59},"absent_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":7113},"absent_session":"5042958c620fa79d71c408a27fae5cf7","agreeing_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":7113},"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":28,"watched_anchor":{"boot":"01a21d2d-f67f-7a76-a5b4-a33b7583cc03","at_ms":59},"last":"inconclusive","recorded":null}',1795785941215,1795845902496,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,'{"cause":"refused","upstream":{"method":"alitrip.flight.service.pay","code":"isv.BALANCE_NOT_ENOUGH","sub_code":null,"message":"账户余额不足,支付失败","request_id":"s612b57023a09"},"detail":null,"hint":null,"retry_after":null}');
INSERT INTO operations VALUES('01a21b9b-74a4-7cf1-8bac-4cbdd4628882',4,3,'pay','not_executed','refused_by_gateway','default','local','7359151899076000009','order:default:7359151899076000009',NULL,NULL,NULL,NULL,NULL,NULL,X'08543bbc6f4b11a65d078355176bbbac8d424a0246b913ea396a6fc11bd684ef','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759502503,'{"kind":"pay","order_id":"7359151899076000009","total":"1580.00"}',1795759502500,1795759502503,7121,1795759502504,1795759507509,'silence','{"looks":1,"absent":0,"agreeing":1,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":12126},"absent_anchor":null,"absent_session":null,"agreeing_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":12126},"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":5004,"watched_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":12126},"last":"not_happened"}',NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,'{"cause":"rate_limited","upstream":{"method":"alitrip.flight.service.pay","code":"7","sub_code":"accesscontrol.limited-by-app-api-access-count","message":"This ban will last for 1 more seconds","request_id":"s296db9303fb6"},"detail":null,"hint":null,"retry_after":1}');
INSERT INTO operations VALUES('01a21b9b-7c7c-7d54-9244-355baae22fb1',4,4,'book','succeeded',NULL,'default','local','V3-4','reference:default:V3-4',NULL,'book:reference:default:V3-4',NULL,X'83f3d5a1c0b6989f0a41dc82650a0302fc2a73bb3907dc81aef97f0d0bf8647a',NULL,X'ab6502881f54c4ec5972b8ff885589561e527f7feb16d434107239c04f13775c',X'8b6e9a471c207517a93042766d09f182f147f6ddd115c9107d1fe041a80a0610','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759504511,'{"kind":"book","out_order_no":"V3-4","total":"1580.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795759504509,1795759504511,9129,1795759506519,1795759506519,'done','{"looks":2,"absent":0,"agreeing":0,"refuting":0,"absent_ms":0,"looked_ms":2004,"anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":11135},"absent_anchor":null,"absent_session":null,"agreeing_anchor":null,"refuting_anchor":null,"differing":2,"differing_parts":["total_price"],"differing_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":11135},"watched_ms":0,"watched_anchor":null,"last":"differs"}',NULL,NULL,NULL,0,NULL,NULL,NULL,'{"order_id":"7359151899076000011","out_order_no":"V3-4","status":"booked","status_text":"生单预定成功","total_price":"1590.00","paid_price":null,"booked_at":"2026-11-27T14:05:04+08:00","pay_before":"2026-11-27T14:35:04+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}','book:default:7359151899076000011','[{"field":"total_price","expected":"1580.00","found":"1590.00"}]',NULL);
INSERT INTO operations VALUES('01a21b9b-845a-7f10-98f9-87d03316fcdd',4,3,'book','succeeded',NULL,'default','local','V3-5','reference:default:V3-5',NULL,'book:reference:default:V3-5',NULL,X'83f3d5a1c0b6989f0a41dc82650a0302fc2a73bb3907dc81aef97f0d0bf8647a',NULL,X'102279d745e1665eb68f2e0da610cb47b6531ba811b511e5e723d772b9b6cfd1',X'b605531835e817f57bcf974a2ea1200f26538934c724394b2bad7659468014eb','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759506524,'{"kind":"book","out_order_no":"V3-5","total":"1580.00","segments":["CZ8957@2030-05-20T08:45"],"passengers":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"],"rules":{"refund_rule":"起飞前48小时以前收取票面价10%,之后收取30%","change_rule":"起飞前48小时以前收取票面价5%,之后收取20%","baggage_rule":"手提8KG,托运20KG"}}',1795759506522,1795759506524,11142,1795759506526,NULL,'done','{"looks":1,"absent":0,"agreeing":1,"refuting":0,"absent_ms":0,"looked_ms":0,"anchor":{"boot":"01a21d2d-f67f-7a76-a5b4-a33b7583cc03","at_ms":57},"absent_anchor":null,"absent_session":null,"agreeing_anchor":{"boot":"01a21d2d-f67f-7a76-a5b4-a33b7583cc03","at_ms":57},"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":26,"watched_anchor":{"boot":"01a21d2d-f67f-7a76-a5b4-a33b7583cc03","at_ms":57},"last":"not_happened","recorded":null}',1795785941215,1795845906526,NULL,0,NULL,NULL,NULL,'{"order_id":"7359151899076000013","out_order_no":"V3-5","status":"booked","status_text":"生单预定成功","total_price":"1580.00","paid_price":null,"booked_at":"2026-11-27T14:05:06+08:00","pay_before":"2026-11-27T14:35:06+08:00","paid_at":null,"trade_no":null,"alipay_trade_no":null,"passenger_ids":["psg_3eafe91b757824dbb04dc93d5f71ff23","psg_5f2d6bca84f0018e7309e3fc11a60613"]}','book:default:7359151899076000013',NULL,NULL);
INSERT INTO operations VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',9,3,'pay','unknown',NULL,'default','local','7359151899076000013','order:default:7359151899076000013','order:default:7359151899076000013',NULL,NULL,NULL,NULL,X'469b6fb165cc939fe8dd60b6c31fa12f8dbca2cb2d1e5dad2814f981f5eebef4',X'6fa3e1081242ef6ad69a7f83a8b7ad5eb7bca6cfe17fab8a4fabda13799f9cfb','01a21b9b-58ee-7e0c-bf17-66dd52308a45',1795759506531,'{"kind":"pay","order_id":"7359151899076000013","total":"1580.00"}',1795759506529,1795759506531,11149,NULL,NULL,'silence','{"looks":6,"absent":0,"agreeing":1,"refuting":0,"absent_ms":0,"looked_ms":6862,"anchor":{"boot":"01a21d2d-f67f-7a76-a5b4-a33b7583cc03","at_ms":6562},"absent_anchor":null,"absent_session":null,"agreeing_anchor":{"boot":"01a21b9b-58ee-7e0c-bf17-66dd52308a45","at_ms":11352},"refuting_anchor":null,"differing":0,"differing_parts":[],"differing_anchor":null,"watched_ms":0,"watched_anchor":null,"last":"inconclusive","recorded":null}',1795785890094,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE proofs (
    account         TEXT    NOT NULL,
    lookup          TEXT    NOT NULL,
    key             TEXT    NOT NULL,
    session         TEXT,
    at              INTEGER NOT NULL,
    PRIMARY KEY (account, lookup)
) WITHOUT ROWID;
INSERT INTO proofs VALUES('default','changes_of_order','7359151899076000005','5042958c620fa79d71c408a27fae5cf7',1795759500739);
INSERT INTO proofs VALUES('default','order_by_reference','V3-4','5042958c620fa79d71c408a27fae5cf7',1795759506519);
INSERT INTO proofs VALUES('default','refunds_of_order','7359151899076000005','5042958c620fa79d71c408a27fae5cf7',1795759500768);
CREATE TABLE timeline (
    operation_id    TEXT    NOT NULL,
    seq             INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    state           TEXT    NOT NULL,
    what            TEXT    NOT NULL,
    PRIMARY KEY (operation_id, seq)
) WITHOUT ROWID;
INSERT INTO timeline VALUES('01a21b9b-593a-794c-bb1c-5fda2f7f5e90',8,1795759495482,'accepted','accepted');
INSERT INTO timeline VALUES('01a21b9b-593a-794c-bb1c-5fda2f7f5e90',16,1795759495487,'sending','sending');
INSERT INTO timeline VALUES('01a21b9b-593a-794c-bb1c-5fda2f7f5e90',24,1795759495489,'succeeded','upstream answered: done');
INSERT INTO timeline VALUES('01a21b9b-593a-794c-bb1c-5fda2f7f5e90',32,1795759500495,'succeeded','look 1: found: the order is ticketed; confirmed');
INSERT INTO timeline VALUES('01a21b9b-5943-71e7-a49e-63bcb4dfd01e',8,1795759495491,'accepted','accepted');
INSERT INTO timeline VALUES('01a21b9b-5943-71e7-a49e-63bcb4dfd01e',16,1795759495494,'sending','sending');
INSERT INTO timeline VALUES('01a21b9b-5943-71e7-a49e-63bcb4dfd01e',24,1795759495497,'succeeded','checked: found: the order is paid');
INSERT INTO timeline VALUES('01a21b9b-5950-702f-97c7-43e1035b4b93',8,1795759495504,'accepted','accepted');
INSERT INTO timeline VALUES('01a21b9b-5950-702f-97c7-43e1035b4b93',16,1795759495508,'sending','sending');
INSERT INTO timeline VALUES('01a21b9b-5950-702f-97c7-43e1035b4b93',24,1795759495510,'unknown','no answer that says what was done; looking');
INSERT INTO timeline VALUES('01a21b9b-5950-702f-97c7-43e1035b4b93',32,1795759495717,'succeeded','look 1: found: the change is awaiting payment');
INSERT INTO timeline VALUES('01a21b9b-5a28-7e73-a4f0-72157eb4070d',8,1795759495720,'accepted','accepted');
INSERT INTO timeline VALUES('01a21b9b-5a28-7e73-a4f0-72157eb4070d',16,1795759495723,'sending','sending');
INSERT INTO timeline VALUES('01a21b9b-5a28-7e73-a4f0-72157eb4070d',24,1795759495726,'succeeded','checked: found: the change is awaiting ticketing');
INSERT INTO timeline VALUES('01a21b9b-5a31-747d-88f1-e3c4fa640fa4',8,1795759495729,'accepted','accepted');
INSERT INTO timeline VALUES('01a21b9b-5a31-747d-88f1-e3c4fa640fa4',16,1795759495733,'sending','sending');
INSERT INTO timeline VALUES('01a21b9b-5a31-747d-88f1-e3c4fa640fa4',24,1795759495734,'succeeded','upstream answered: done');
INSERT INTO timeline VALUES('01a21b9b-5a31-747d-88f1-e3c4fa640fa4',32,1795759500739,'succeeded','look 1: found: the change is closed; confirmed');
INSERT INTO timeline VALUES('01a21b9b-5a39-7a41-aad2-b6387a175335',8,1795759495737,'accepted','accepted');
INSERT INTO timeline VALUES('01a21b9b-5a39-7a41-aad2-b6387a175335',16,1795759495740,'sending','sending');
INSERT INTO timeline VALUES('01a21b9b-5a39-7a41-aad2-b6387a175335',24,1795759495742,'succeeded','upstream answered: done');
INSERT INTO timeline VALUES('01a21b9b-5a39-7a41-aad2-b6387a175335',32,1795759500770,'succeeded','look 1: found: the change is closed; confirmed');
INSERT INTO timeline VALUES('01a21b9b-5a39-7a41-aad2-b6387a175335',40,1795759500776,'succeeded','look 2: found: the change is closed');
INSERT INTO timeline VALUES('01a21b9b-5a43-7a75-9ae3-64a5c8a31cd9',8,1795759495747,'accepted','accepted');
INSERT INTO timeline VALUES('01a21b9b-5a43-7a75-9ae3-64a5c8a31cd9',16,1795759495751,'sending','sending');
INSERT INTO timeline VALUES('01a21b9b-5a43-7a75-9ae3-64a5c8a31cd9',24,1795759495753,'succeeded','upstream answered: done');
INSERT INTO timeline VALUES('01a21b9b-5a43-7a75-9ae3-64a5c8a31cd9',32,1795759500768,'succeeded','look 1: found: the refund is refunded; confirmed');
INSERT INTO timeline VALUES('01a21b9b-5a4c-774e-a753-4ca34a84c7af',8,1795759495756,'accepted','accepted');
INSERT INTO timeline VALUES('01a21b9b-5a4c-774e-a753-4ca34a84c7af',16,1795759495759,'sending','sending');
INSERT INTO timeline VALUES('01a21b9b-5a4c-774e-a753-4ca34a84c7af',24,1795759495761,'succeeded','upstream answered: done');
INSERT INTO timeline VALUES('01a21b9b-5a4c-774e-a753-4ca34a84c7af',32,1795759500768,'succeeded','look 1: found: the order is closed; confirmed');
INSERT INTO timeline VALUES('01a21b9b-5a54-7c38-8a84-1fc49165f89c',8,1795759495764,'accepted','accepted');
INSERT INTO timeline VALUES('01a21b9b-5a54-7c38-8a84-1fc49165f89c',16,1795759495767,'sending','sending');
INSERT INTO timeline VALUES('01a21b9b-5a54-7c38-8a84-1fc49165f89c',24,1795759495769,'succeeded','upstream answered: done');
INSERT INTO timeline VALUES('01a21b9b-5a54-7c38-8a84-1fc49165f89c',32,1795759501140,'succeeded','look 1: found: the order is closed; confirmed');
INSERT INTO timeline VALUES('01a21b9b-5a5c-7741-9a75-56e169960c6b',8,1795759495772,'accepted','accepted');
INSERT INTO timeline VALUES('01a21b9b-5a5c-7741-9a75-56e169960c6b',16,1795759495774,'not_executed','nothing was sent: the order is closed');
INSERT INTO timeline VALUES('01a21b9b-5a61-763f-aabb-3d73b857acc6',8,1795759495777,'accepted','accepted');
INSERT INTO timeline VALUES('01a21b9b-5a61-763f-aabb-3d73b857acc6',16,1795759495779,'sending','sending');
INSERT INTO timeline VALUES('01a21b9b-5a61-763f-aabb-3d73b857acc6',24,1795759495781,'succeeded','upstream answered: done');
INSERT INTO timeline VALUES('01a21b9b-5a61-763f-aabb-3d73b857acc6',32,1795759500940,'succeeded','look 1: found: the order is booked; confirmed');
INSERT INTO timeline VALUES('01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a',8,1795759495784,'accepted','accepted');
INSERT INTO timeline VALUES('01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a',16,1795759495787,'sending','sending');
INSERT INTO timeline VALUES('01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a',24,1795759495790,'unknown','upstream refused; the order is not paid; looking');
INSERT INTO timeline VALUES('01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a',32,1795759501492,'unknown','look 2: the order is not paid');
INSERT INTO timeline VALUES('01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a',40,1795759502496,'rejected','look 3: the order is not paid');
INSERT INTO timeline VALUES('01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a',48,1795785881244,'rejected','lookup 4: upstream does not find the order at all');
INSERT INTO timeline VALUES('01a21b9b-74a4-7cf1-8bac-4cbdd4628882',8,1795759502500,'accepted','accepted');
INSERT INTO timeline VALUES('01a21b9b-74a4-7cf1-8bac-4cbdd4628882',16,1795759502503,'sending','sending');
INSERT INTO timeline VALUES('01a21b9b-74a4-7cf1-8bac-4cbdd4628882',24,1795759502504,'not_executed','TOP''s gateway refused the call; the service never saw it');
INSERT INTO timeline VALUES('01a21b9b-74a4-7cf1-8bac-4cbdd4628882',32,1795759507509,'not_executed','look 1: the order is not paid; confirmed');
INSERT INTO timeline VALUES('01a21b9b-7c7c-7d54-9244-355baae22fb1',8,1795759504509,'accepted','accepted');
INSERT INTO timeline VALUES('01a21b9b-7c7c-7d54-9244-355baae22fb1',16,1795759504511,'sending','sending');
INSERT INTO timeline VALUES('01a21b9b-7c7c-7d54-9244-355baae22fb1',24,1795759504514,'unknown','upstream says done; found: the order is booked, with the total 1590.00 instead of 1580.00; looking');
INSERT INTO timeline VALUES('01a21b9b-7c7c-7d54-9244-355baae22fb1',32,1795759506519,'succeeded','look 2: found: the order is booked, with the total 1590.00 instead of 1580.00');
INSERT INTO timeline VALUES('01a21b9b-845a-7f10-98f9-87d03316fcdd',8,1795759506522,'accepted','accepted');
INSERT INTO timeline VALUES('01a21b9b-845a-7f10-98f9-87d03316fcdd',16,1795759506524,'sending','sending');
INSERT INTO timeline VALUES('01a21b9b-845a-7f10-98f9-87d03316fcdd',24,1795759506526,'succeeded','upstream answered: done');
INSERT INTO timeline VALUES('01a21b9b-845a-7f10-98f9-87d03316fcdd',32,1795785881248,'succeeded','lookup 1: upstream has no such order');
INSERT INTO timeline VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',8,1795759506529,'accepted','accepted');
INSERT INTO timeline VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',16,1795759506531,'sending','sending');
INSERT INTO timeline VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',24,1795759506532,'unknown','no answer that says what was done; looking');
INSERT INTO timeline VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',32,1795759506736,'unknown','look 1: the order is not paid');
INSERT INTO timeline VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',40,1795759507092,'unknown','look 2: the order is not paid');
INSERT INTO timeline VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',48,1795785881242,'unknown','lookup 3: upstream does not find the order at all');
INSERT INTO timeline VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',56,1795785883112,'unknown','lookup 4: upstream does not find the order at all');
INSERT INTO timeline VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',64,1795785885454,'unknown','lookup 5: upstream does not find the order at all');
INSERT INTO timeline VALUES('01a21b9b-8461-7384-aa3d-045cc6e08295',72,1795785887752,'unknown','lookup 6: upstream does not find the order at all');
CREATE TABLE IF NOT EXISTS "events" (
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
INSERT INTO events VALUES(1,'operation_settled','01a21b9b-593a-794c-bb1c-5fda2f7f5e90','succeeded','default','local','01a21b9b-593a-794c-bb1c-5fda2f7f5e90',1795759495489);
INSERT INTO events VALUES(2,'order_booked','7359151899076000005','booked','default','local','01a21b9b-593a-794c-bb1c-5fda2f7f5e90',1795759495489);
INSERT INTO events VALUES(3,'operation_settled','01a21b9b-5943-71e7-a49e-63bcb4dfd01e','succeeded','default','local','01a21b9b-5943-71e7-a49e-63bcb4dfd01e',1795759495497);
INSERT INTO events VALUES(4,'order_paid','7359151899076000005','paid','default','local','01a21b9b-5943-71e7-a49e-63bcb4dfd01e',1795759495497);
INSERT INTO events VALUES(5,'operation_unknown','01a21b9b-5950-702f-97c7-43e1035b4b93','unknown','default','local','01a21b9b-5950-702f-97c7-43e1035b4b93',1795759495510);
INSERT INTO events VALUES(6,'operation_settled','01a21b9b-5950-702f-97c7-43e1035b4b93','succeeded','default','local','01a21b9b-5950-702f-97c7-43e1035b4b93',1795759495717);
INSERT INTO events VALUES(7,'change_created','5359151899076000003','created','default','local','01a21b9b-5950-702f-97c7-43e1035b4b93',1795759495717);
INSERT INTO events VALUES(8,'operation_settled','01a21b9b-5a28-7e73-a4f0-72157eb4070d','succeeded','default','local','01a21b9b-5a28-7e73-a4f0-72157eb4070d',1795759495726);
INSERT INTO events VALUES(9,'change_paid','5359151899076000003','paid','default','local','01a21b9b-5a28-7e73-a4f0-72157eb4070d',1795759495726);
INSERT INTO events VALUES(10,'operation_settled','01a21b9b-5a31-747d-88f1-e3c4fa640fa4','succeeded','default','local','01a21b9b-5a31-747d-88f1-e3c4fa640fa4',1795759495734);
INSERT INTO events VALUES(11,'change_created','5359151899076000005','created','default','local','01a21b9b-5a31-747d-88f1-e3c4fa640fa4',1795759495734);
INSERT INTO events VALUES(12,'operation_settled','01a21b9b-5a39-7a41-aad2-b6387a175335','succeeded','default','local','01a21b9b-5a39-7a41-aad2-b6387a175335',1795759495742);
INSERT INTO events VALUES(13,'change_cancelled','5359151899076000005','cancelled','default','local','01a21b9b-5a39-7a41-aad2-b6387a175335',1795759495742);
INSERT INTO events VALUES(14,'operation_settled','01a21b9b-5a43-7a75-9ae3-64a5c8a31cd9','succeeded','default','local','01a21b9b-5a43-7a75-9ae3-64a5c8a31cd9',1795759495753);
INSERT INTO events VALUES(15,'refund_applied','4359151899076000003','applied','default','local','01a21b9b-5a43-7a75-9ae3-64a5c8a31cd9',1795759495753);
INSERT INTO events VALUES(16,'operation_settled','01a21b9b-5a4c-774e-a753-4ca34a84c7af','succeeded','default','local','01a21b9b-5a4c-774e-a753-4ca34a84c7af',1795759495761);
INSERT INTO events VALUES(17,'order_booked','7359151899076000007','booked','default','local','01a21b9b-5a4c-774e-a753-4ca34a84c7af',1795759495761);
INSERT INTO events VALUES(18,'operation_settled','01a21b9b-5a54-7c38-8a84-1fc49165f89c','succeeded','default','local','01a21b9b-5a54-7c38-8a84-1fc49165f89c',1795759495769);
INSERT INTO events VALUES(19,'order_closed','7359151899076000007','closed','default','local','01a21b9b-5a54-7c38-8a84-1fc49165f89c',1795759495769);
INSERT INTO events VALUES(20,'operation_settled','01a21b9b-5a61-763f-aabb-3d73b857acc6','succeeded','default','local','01a21b9b-5a61-763f-aabb-3d73b857acc6',1795759495781);
INSERT INTO events VALUES(21,'order_booked','7359151899076000009','booked','default','local','01a21b9b-5a61-763f-aabb-3d73b857acc6',1795759495781);
INSERT INTO events VALUES(22,'operation_unknown','01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a','unknown','default','local','01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a',1795759495790);
INSERT INTO events VALUES(23,'operation_settled','01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a','rejected','default','local','01a21b9b-5a68-70f4-8cd2-b8bc7d235f1a',1795759502496);
INSERT INTO events VALUES(24,'operation_settled','01a21b9b-74a4-7cf1-8bac-4cbdd4628882','not_executed/refused_by_gateway','default','local','01a21b9b-74a4-7cf1-8bac-4cbdd4628882',1795759502504);
INSERT INTO events VALUES(25,'operation_unknown','01a21b9b-7c7c-7d54-9244-355baae22fb1','unknown','default','local','01a21b9b-7c7c-7d54-9244-355baae22fb1',1795759504514);
INSERT INTO events VALUES(26,'operation_settled','01a21b9b-7c7c-7d54-9244-355baae22fb1','succeeded','default','local','01a21b9b-7c7c-7d54-9244-355baae22fb1',1795759506519);
INSERT INTO events VALUES(27,'order_booked','7359151899076000011','booked','default','local','01a21b9b-7c7c-7d54-9244-355baae22fb1',1795759506519);
INSERT INTO events VALUES(28,'operation_settled','01a21b9b-845a-7f10-98f9-87d03316fcdd','succeeded','default','local','01a21b9b-845a-7f10-98f9-87d03316fcdd',1795759506526);
INSERT INTO events VALUES(29,'order_booked','7359151899076000013','booked','default','local','01a21b9b-845a-7f10-98f9-87d03316fcdd',1795759506526);
INSERT INTO events VALUES(30,'operation_unknown','01a21b9b-8461-7384-aa3d-045cc6e08295','unknown','default','local','01a21b9b-8461-7384-aa3d-045cc6e08295',1795759506532);
CREATE TABLE instances (
    id              TEXT    NOT NULL PRIMARY KEY,
    until_ms        INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO instances VALUES('01a21d2d-f67f-7a76-a5b4-a33b7583cc03',1795785941227);
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
INSERT INTO orders VALUES('default','7359151899076000005','V3-1','local','2030-05-21T08:45:00+08:00',1795759495482,'01a21b9b-593a-794c-bb1c-5fda2f7f5e90');
INSERT INTO orders VALUES('default','7359151899076000007','V3-2','local','2030-05-20T08:45:00+08:00',1795759495756,'01a21b9b-5a4c-774e-a753-4ca34a84c7af');
INSERT INTO orders VALUES('default','7359151899076000009','V3-3','local','2030-05-20T08:45:00+08:00',1795759495777,'01a21b9b-5a61-763f-aabb-3d73b857acc6');
INSERT INTO orders VALUES('default','7359151899076000011','V3-4','local','2030-05-20T08:45:00+08:00',1795759504509,'01a21b9b-7c7c-7d54-9244-355baae22fb1');
INSERT INTO orders VALUES('default','7359151899076000013','V3-5','local','2030-05-20T08:45:00+08:00',1795759506522,'01a21b9b-845a-7f10-98f9-87d03316fcdd');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('events',30);
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
COMMIT;
