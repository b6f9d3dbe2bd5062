-- Machine temperature below 60 for at least twelve readings in a row: the maximal runs, and whether each overlaps a labelled failure window.
CREATE STREAM readings (timestamp TIMESTAMP, stream TEXT, value DECIMAL(18, 6))
WITH (connector = 'file', path = '../shared/data/sensors_nab/readings.csv.gz');

SELECT TO_CHAR(FIRST(low.timestamp), 'YYYY-MM-DD HH24:MI:SS') AS first_time,
       TO_CHAR(LAST(low.timestamp), 'YYYY-MM-DD HH24:MI:SS') AS last_time,
       COUNT(low) AS readings,
       MIN(low.value) AS minimum,
       CASE
         WHEN FIRST(low.timestamp) <= TIMESTAMP '2013-12-12 05:35:00' AND LAST(low.timestamp) >= TIMESTAMP '2013-12-10 06:25:00' THEN 1
         WHEN FIRST(low.timestamp) <= TIMESTAMP '2013-12-17 17:00:00' AND LAST(low.timestamp) >= TIMESTAMP '2013-12-15 17:50:00' THEN 1
         WHEN FIRST(low.timestamp) <= TIMESTAMP '2014-01-29 13:30:00' AND LAST(low.timestamp) >= TIMESTAMP '2014-01-27 14:20:00' THEN 1
         WHEN FIRST(low.timestamp) <= TIMESTAMP '2014-02-09 14:05:00' AND LAST(low.timestamp) >= TIMESTAMP '2014-02-07 14:55:00' THEN 1
         ELSE 0
       END AS labelled
FROM   (SELECT * FROM readings WHERE stream = 'realKnownCause/machine_temperature_system_failure') AS machine
MATCH  (low[value < 60]{12,});
