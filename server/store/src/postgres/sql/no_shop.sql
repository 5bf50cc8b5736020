-- Whoever reads names a shop first, or sees nothing of any.
SET daybook.shop = ''
