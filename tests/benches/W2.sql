-- A, any later B, any later C, each dear, within ten seconds: every combination.
CREATE STREAM events (ts TIMESTAMP, type TEXT, id BIGINT, price DOUBLE, volume BIGINT)
WITH (connector = 'file', path = 'typed1m.csv', time.format = 'epoch_ms');

SELECT a.ts AS a, b.ts AS b, c.ts AS c
FROM   events
MATCH ALL (a[type = 'A' AND price > 90] ->> b[type = 'B' AND price > 90] ->> c[type = 'C' AND price > 90])
WITHIN 10 SECONDS;
