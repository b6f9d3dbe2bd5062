-- Per symbol a fall and a rise.
CREATE STREAM ticks (ts TIMESTAMP, symbol TEXT, price DOUBLE, volume BIGINT)
WITH (connector = 'file', path = 'ticks1m.csv', time.format = 'epoch_ms');

SELECT *
FROM ticks MATCH_RECOGNIZE (
  PARTITION BY symbol
  ORDER BY ts
  MEASURES strt.ts AS began, LAST(down.ts) AS bottom, LAST(up.ts) AS ended
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (strt down+ up+)
  DEFINE down AS price < PREV(price), up AS price > PREV(price)
);
