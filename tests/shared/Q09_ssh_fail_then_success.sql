-- Three failures for one user from one address, then a success of the same user from there, all within five minutes;
-- and how many failures there were since the success before.
CREATE STREAM auth (ts TIMESTAMP, host TEXT, prog TEXT, pid TEXT, message TEXT)
WITH (
  connector = 'file',
  path = '../shared/data/ssh_auth_log/auth.log.gz',
  format = 'log',
  log.pattern = '^(?<ts>\w{3} +\d+ \d\d:\d\d:\d\d) (?<host>\S+) (?<prog>[^\s\[:]+)(\[(?<pid>\d+)\])?: (?<message>.*)$',
  time.format = 'syslog',
  time.year = 2017
);

CREATE QUERY logins AS
SELECT ts, prog, ok,
       (REGEXP_MATCH(message, ' for (invalid user )?(\S*) from '))[2] AS user,
       (REGEXP_MATCH(message, ' from (\S+) port '))[1] AS ip
FROM   (SELECT ts, prog, message, message LIKE 'Accepted %' AS ok FROM auth) AS a
CROSS JOIN UNNEST(GENERATE_SERIES(1, COALESCE((REGEXP_MATCH(message, 'repeated (\d+) times'))[1]::BIGINT, 1))) AS n(i)
WHERE  prog = 'sshd' AND (message LIKE '%Failed password for %' OR message LIKE 'Accepted %');

CREATE QUERY guessed AS
SELECT user, ip, LAST(f.ts, 2) AS third_last_failure, s.ts AS success, COUNT(f) AS failures
FROM   logins
MATCH  (f[NOT ok]{3,} s[ok])
PARTITION BY user, ip
WHERE  s.ts - LAST(f.ts, 2) <= 5 MINUTES;
