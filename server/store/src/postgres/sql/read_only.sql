-- Whatever a query turns out to be, it changes nothing.
SET default_transaction_read_only = on
