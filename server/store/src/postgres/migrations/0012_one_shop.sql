-- The second lock between shops, for roles that do not own the tables: a session that names a shop sees that one alone.
-- The connections that only read name none when they are opened, and so see nothing until they do; the first lock is
-- the condition in every statement. Writers, who answer for all shops, name none ever, and see all.
--
-- Only where a statement finds its rows by comparisons that do not leak, so that an index is used as before: a search by
-- words is not among them.
ALTER TABLE event ENABLE ROW LEVEL SECURITY;
ALTER TABLE verdict ENABLE ROW LEVEL SECURITY;
ALTER TABLE snapshot ENABLE ROW LEVEL SECURITY;
ALTER TABLE blob ENABLE ROW LEVEL SECURITY;

CREATE POLICY one_shop ON event USING (shop = coalesce(current_setting('daybook.shop', true), shop));
CREATE POLICY one_shop ON verdict USING (shop = coalesce(current_setting('daybook.shop', true), shop));
CREATE POLICY one_shop ON snapshot USING (shop = coalesce(current_setting('daybook.shop', true), shop));
CREATE POLICY one_shop ON blob USING (shop = coalesce(current_setting('daybook.shop', true), shop));

-- A view has the rights of its owner otherwise, and its owner sees all.
ALTER VIEW log SET (security_invoker = true);
