-- Eight trades of one symbol in a row, each dearer than the one before: every row of the run, not just one.
CREATE STREAM trades WITH (connector = 'generator', kind = 'trades', count = 10000);

SELECT symbol, ts, price, step, gained
FROM trades MATCH_RECOGNIZE (
  PARTITION BY symbol
  ORDER BY ts
  MEASURES COUNT(*) AS step, price - FIRST(price) AS gained
  ALL ROWS PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (strt up{7,})
  DEFINE up AS price > PREV(price)
);
