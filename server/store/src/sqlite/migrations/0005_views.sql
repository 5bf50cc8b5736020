-- Read models beside the log: for other programs to read, and to be made again at any time.
CREATE TABLE view_checkpoint (
    shop TEXT NOT NULL,
    view TEXT NOT NULL,
    epoch BLOB NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (shop, view)
) STRICT, WITHOUT ROWID;

-- Denormalised: the rows stand in the primary key itself.
CREATE TABLE allocations_view (
    shop TEXT NOT NULL,
    order_id TEXT NOT NULL,
    sku TEXT NOT NULL,
    batchref TEXT NOT NULL,
    qty INTEGER NOT NULL,
    PRIMARY KEY (shop, order_id, sku, batchref)
) STRICT, WITHOUT ROWID;

-- Normal: a batch is of one SKU, and an order has a line of it or none.
CREATE TABLE view_batch (
    shop TEXT NOT NULL,
    batchref TEXT NOT NULL,
    sku TEXT NOT NULL,
    PRIMARY KEY (shop, batchref)
) STRICT, WITHOUT ROWID;

CREATE TABLE view_allocation (
    shop TEXT NOT NULL,
    order_id TEXT NOT NULL,
    batchref TEXT NOT NULL,
    qty INTEGER NOT NULL,
    PRIMARY KEY (shop, order_id, batchref),
    FOREIGN KEY (shop, batchref) REFERENCES view_batch (shop, batchref)
) STRICT, WITHOUT ROWID;
