-- Five failed log-ins from one address within 60 s; the counter starts anew after each alert.
-- A line "message repeated N times: [ Failed password … ]" stands for N failures: it is repeated N times.
CREATE STREAM auth (ts TIMESTAMP, host TEXT, prog TEXT, pid TEXT, message TEXT)
WITH (
  connector = 'file',
  path = '../shared/data/ssh_auth_log/auth.log.gz',
  format = 'log',
  log.pattern = '^(?<ts>\w{3} +\d+ \d\d:\d\d:\d\d) (?<host>\S+) (?<prog>[^\s\[:]+)(\[(?<pid>\d+)\])?: (?<message>.*)$',
  time.format = 'syslog',
  time.year = 2017
);

CREATE QUERY failures AS
SELECT ts, REGEXP_SUBSTR(message, '\d+\.\d+\.\d+\.\d+') AS ip
FROM   auth
CROSS JOIN UNNEST(GENERATE_SERIES(1, COALESCE((REGEXP_MATCH(message, 'repeated (\d+) times'))[1]::BIGINT, 1))) AS n(i)
WHERE  message LIKE '%Failed password for%' AND prog = 'sshd';

CREATE QUERY brute_force AS
SELECT ip, FIRST(f.ts) AS first_failure, LAST(f.ts) AS alert
FROM   failures
MATCH  ((-> f){5})
PARTITION BY ip
WITHIN 60 SECONDS;
