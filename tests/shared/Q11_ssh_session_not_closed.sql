-- SSH sessions that were opened and not closed within 30 minutes; then, looking on, when they really were closed.
CREATE STREAM auth (ts TIMESTAMP, host TEXT, prog TEXT, pid TEXT, message TEXT)
WITH (
  connector = 'file',
  path = '../shared/data/ssh_auth_log/auth.log.gz',
  format = 'log',
  log.pattern = '^(?<ts>\w{3} +\d+ \d\d:\d\d:\d\d) (?<host>\S+) (?<prog>[^\s\[:]+)(\[(?<pid>\d+)\])?: (?<message>.*)$',
  time.format = 'syslog',
  time.year = 2017
);

CREATE QUERY sessions AS
SELECT ts, pid, (REGEXP_MATCH(message, 'for user (\S+)'))[1] AS user, message LIKE '%session opened%' AS opened
FROM   auth
WHERE  prog = 'sshd' AND message LIKE 'pam_unix(sshd:session): session %';

CREATE QUERY overdue WITH (end_of_input = 'undecided') AS
SELECT MATCH_TIME() AS fired, o.pid AS pid, o.user AS user, o.ts AS opened_at
FROM   sessions
MATCH  (o[opened] -[30 MINUTES]-> !c[NOT opened])
PARTITION BY pid;

SELECT a.fired AS fired, a.pid AS pid, a.user AS user, a.opened_at AS opened_at, c.ts AS closed_at
FROM   overdue, sessions
MATCH  (a:overdue -> c:sessions[NOT opened]?)
PARTITION BY pid
ORDER BY fired, pid;
