-- A, then the next B, then the next C of the same id, within ten seconds: every start.
CREATE STREAM events (ts TIMESTAMP, type TEXT, id BIGINT, price DOUBLE, volume BIGINT)
WITH (connector = 'file', path = 'typed1m.csv', time.format = 'epoch_ms');

SELECT a.ts AS a, b.ts AS b, c.ts AS c
FROM   events
MATCH ALL (a[type = 'A'] -> b[type = 'B'] -> c[type = 'C'])
PARTITION BY id
WITHIN 10 SECONDS;
