-- The same user succeeds from two addresses within a minute, in either order; every pair.
CREATE STREAM logins WITH (connector = 'generator', kind = 'logins', count = 20000);

SELECT home.user AS user, home.source_ip AS home, abroad.source_ip AS abroad, MATCH_DURATION() AS apart
FROM   logins
MATCH ALL (home[ok AND source_ip LIKE '10.0.0.%'] & abroad[ok AND source_ip NOT LIKE '10.0.0.%'])
PARTITION BY user
WITHIN 10 MINUTES;
