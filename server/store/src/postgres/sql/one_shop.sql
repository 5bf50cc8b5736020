-- From here on this session sees one shop alone. $1 shop
SELECT set_config('daybook.shop', $1, false)
