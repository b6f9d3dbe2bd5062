-- A double bottom in the price of a symbol: down, up, down to about the same bottom, up above the middle top. In the standard's words.
CREATE STREAM trades WITH (connector = 'generator', kind = 'trades', count = 40000);

SELECT symbol, began, first_bottom, middle_top, second_bottom, ended, last_price
FROM trades MATCH_RECOGNIZE (
  PARTITION BY symbol
  ORDER BY ts
  MEASURES
    strt.ts AS began,
    LAST(fall.price) AS first_bottom,
    LAST(rise.price) AS middle_top,
    LAST(fall_again.price) AS second_bottom,
    LAST(recover.ts) AS ended,
    LAST(recover.price) AS last_price
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (strt fall{4,} rise{3,} fall_again{3,} recover{4,})
  DEFINE
    fall AS price < PREV(price),
    rise AS price > PREV(price),
    fall_again AS price < PREV(price),
    recover AS price > PREV(price)
)
WHERE ABS(first_bottom - second_bottom) < 0.02 * first_bottom AND last_price > middle_top;
