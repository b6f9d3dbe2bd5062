-- A query written for a batch system runs as it is: rows in the text, in any order.
SELECT *
FROM (VALUES (1, 90), (2, 80), (4, 85), (3, 70), (5, 95)) AS t(id, price)
MATCH_RECOGNIZE (
  ORDER BY id
  MEASURES FIRST(id) AS began, LAST(down.price) AS bottom, LAST(up.id) AS ended
  PATTERN (strt down+ up+)
  DEFINE down AS price < PREV(price), up AS price > PREV(price)
);
