-- Five failed log-ins or more, then a success, for the same user and address, within ten minutes.
CREATE STREAM logins WITH (connector = 'generator', kind = 'logins', count = 20000);

CREATE QUERY brute_force AS
SELECT user, source_ip, COUNT(f) AS failures, FIRST(f.ts) AS began, s.ts AS broke_in
FROM   logins
MATCH  (f[NOT ok]{5,} s[ok])
PARTITION BY user, source_ip
WITHIN 10 MINUTES;
