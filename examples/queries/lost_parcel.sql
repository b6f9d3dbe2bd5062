-- A parcel goes out for delivery and is not heard of for twelve hours; at least 1 hour after it was accepted.
CREATE STREAM deliveries WITH (connector = 'generator', kind = 'deliveries', count = 8000);

CREATE QUERY lost_parcel AS
SELECT parcel, a.depot AS accepted_at, o.ts AS out_since, MATCH_TIME() AS noticed
FROM   deliveries
MATCH  (a[status = 'accepted'] -[1 HOUR TO 7 DAYS]-> o[status = 'out_for_delivery'] -[12 HOURS]-> !d[status IN ('delivered', 'failed_attempt')])
PARTITION BY parcel;
