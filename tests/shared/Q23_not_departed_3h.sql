-- Flights that were scheduled and did not depart within three hours of their schedule; most flights leave before it, so the absence
-- looks both ways in time. Then, looking on, when they really did.
CREATE STREAM flights (
  ts TIMESTAMP, type TEXT, flight_id BIGINT, carrier TEXT, flight BIGINT, tailnum TEXT, origin TEXT, dest TEXT, delay_min BIGINT
) WITH (connector = 'file', path = '../shared/data/nyc_flights/flight_events.csv.gz');

CREATE QUERY not_departed WITH (end_of_input = 'undecided') AS
SELECT MATCH_TIME() AS fired, s.flight_id AS flight_id, s.carrier AS carrier, s.origin AS origin, s.dest AS dest
FROM   flights
MATCH  (!early[type = 'DEPARTED'] -[2 DAYS]-> s[type = 'SCHEDULED'] -[3 HOURS]-> !late[type = 'DEPARTED'])
PARTITION BY flight_id;

SELECT n.fired AS fired, n.flight_id AS flight_id, n.carrier AS carrier, n.origin AS origin, n.dest AS dest,
       COALESCE(TO_CHAR(d.ts, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'never') AS departed
FROM   not_departed, flights
MATCH  (n:not_departed -> d:flights[type = 'DEPARTED']?)
PARTITION BY flight_id
ORDER BY fired, flight_id;
