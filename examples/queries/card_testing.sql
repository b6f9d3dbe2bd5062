-- A stolen card is tried with small amounts, then used for a large one: at most one alert a day for each card.
CREATE STREAM payments WITH (connector = 'generator', kind = 'payments', count = 20000);

CREATE QUERY card_testing AS
SELECT card, COUNT(small) AS tries, SUM(small.amount) AS tried, large.amount AS amount, large.merchant AS merchant
FROM   payments
MATCH  (small[amount < 2]{3,} large[amount > 500])
PARTITION BY card
WITHIN 15 MINUTES
LIMIT 1 PER 1 DAY BY card;
