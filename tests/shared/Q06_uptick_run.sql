-- At least six consecutive trades of one symbol, each priced above the one before.
-- `cond` is text: "20" is not twenty. Half of the trades share their millisecond with the one before: arrival breaks ties.
CREATE STREAM trades (
  ts TIMESTAMP, symbol TEXT, price DECIMAL(12, 4), size BIGINT, exchange TEXT, cond TEXT, suspicious BIGINT
) WITH (connector = 'file', path = '../shared/data/us_equity_ticks/trades.csv.gz', time.format = 'epoch_ms');

SELECT symbol, EPOCH_MS(first_ts) AS first_ts, EPOCH_MS(last_ts) AS last_ts, length, first_price, last_price
FROM (SELECT * FROM trades WHERE suspicious = 0)
MATCH_RECOGNIZE (
  PARTITION BY symbol
  ORDER BY ts
  MEASURES FIRST(ts) AS first_ts, LAST(ts) AS last_ts, COUNT(*) AS length,
           FIRST(price) AS first_price, LAST(price) AS last_price
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (strt up{5,})
  DEFINE up AS price > PREV(price)
)
ORDER BY symbol, first_ts;
