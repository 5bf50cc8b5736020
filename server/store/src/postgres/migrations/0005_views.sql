-- Read models beside the log: for other programs to read, and to be made again at any time.
CREATE TABLE view_checkpoint (
    shop text COLLATE "C" NOT NULL,
    view text COLLATE "C" NOT NULL,
    epoch uuid NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (shop, view)
) WITH (fillfactor = 50);

-- Denormalised: the primary key has all that the query asks for.
CREATE TABLE allocations_view (
    shop text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    batchref text COLLATE "C" NOT NULL,
    qty bigint NOT NULL,
    PRIMARY KEY (shop, order_id, sku, batchref) INCLUDE (qty)
);

-- Normal: a batch is of one SKU, and an order has a line of it or none.
CREATE TABLE view_batch (
    shop text COLLATE "C" NOT NULL,
    batchref text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    PRIMARY KEY (shop, batchref)
);

CREATE TABLE view_allocation (
    shop text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    batchref text COLLATE "C" NOT NULL,
    qty bigint NOT NULL,
    PRIMARY KEY (shop, order_id, batchref),
    FOREIGN KEY (shop, batchref) REFERENCES view_batch (shop, batchref)
);
