-- Orders by the account that pays for them: they are found by its names too.
CREATE INDEX search_view_account ON search_view (shop, (fields ->> 'account')) WHERE kind = 'order';
