SELECT name, arrival
FROM command_offset
ORDER BY name
