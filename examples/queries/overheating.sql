-- A machine is hot for ten readings in a row or more: the whole stretch, when it ends.
CREATE STREAM machine_temperature WITH (connector = 'generator', kind = 'machine_temperature', count = 20000);

CREATE QUERY overheating AS
SELECT machine, COUNT(hot) AS readings, MAX(hot.temperature) AS hottest, FIRST(hot.ts) AS began, LAST(hot.ts) AS ended
FROM   machine_temperature
MATCH  (hot[temperature > 85]{10,})
PARTITION BY machine;
