-- A cart is filled and then left: nothing is purchased within half an hour of the last thing put in.
CREATE STREAM clicks WITH (connector = 'generator', kind = 'clicks', count = 10000);

CREATE QUERY abandoned_cart AS
SELECT session, user, COUNT(a) AS things, SUM(a.price) AS worth, LAST(a.ts) AS last_added, MATCH_TIME() AS noticed
FROM   clicks
MATCH  (a[action = 'add_to_cart'] (v[action = 'view']* a)* -[30 MINUTES]-> !p[action IN ('purchase', 'add_to_cart')])
PARTITION BY session;
