-- Eight edits of one user within 60 s; the counter starts anew after each alert.
CREATE STREAM edits (line BIGINT METADATA, time TIMESTAMP, user TEXT, isRobot BOOLEAN)
WITH (connector = 'file', path = '../shared/data/wikipedia_edits/edits.jsonl.gz');

SELECT LAST(e.line) AS line, LAST(e.user) AS user, TO_CHAR(LAST(e.time), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time, LAST(e.isRobot)::INT AS robot
FROM   edits
MATCH  ((-> e){8})
PARTITION BY user
WITHIN 60 SECONDS;
