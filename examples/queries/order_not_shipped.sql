-- An order that is not shipped within a day. The alert carries the order; it comes when the day is over, not before.
CREATE STREAM orders WITH (connector = 'generator', kind = 'orders', count = 3000);
CREATE STREAM shipments WITH (connector = 'generator', kind = 'shipments', count = 3000);

CREATE QUERY order_not_shipped WITH (end_of_input = 'undecided') AS
SELECT o.order_id AS order_id, o.customer AS customer, o.amount AS amount, o.ts AS ordered, MATCH_TIME() AS noticed
FROM   orders, shipments
MATCH  (o:orders -[24 HOURS]-> !s:shipments)
PARTITION BY order_id;

-- Complex events build on complex events: a customer with two such orders within a week.
CREATE QUERY unhappy_customer AS
SELECT customer, FIRST(n.order_id) AS first_order, LAST(n.order_id) AS second_order, SUM(n.amount) AS at_stake
FROM   order_not_shipped
MATCH  ((-> n){2})
PARTITION BY customer
WITHIN 7 DAYS;
