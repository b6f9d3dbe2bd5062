-- A child process of cmd.exe that has not ended within ten seconds.
-- The Sysmon channel ends at 10:00:14.444: what would fire later is undecided, though other channels go on.
CREATE STREAM events (
  "@timestamp" TIMESTAMP, Channel TEXT, EventID BIGINT, Image TEXT, ParentImage TEXT, ProcessGuid TEXT,
  SourceProcessGuid TEXT, SourceProcessGUID_ TEXT FROM 'SourceProcessGUID', TargetProcessGuid TEXT,
  TargetImage TEXT, SourceImage TEXT, GrantedAccess TEXT, DestinationIp TEXT,
  WATERMARK FOR "@timestamp" AS "@timestamp" - INTERVAL '1' HOUR
) WITH (connector = 'file', path = '../shared/data/windows_attack_lsass/events.jsonl.gz');

CREATE QUERY processes AS
SELECT "@timestamp" AS ts, EventID, ProcessGuid, Image, ParentImage
FROM   events
WHERE  Channel = 'Microsoft-Windows-Sysmon/Operational' AND EventID IN (1, 5);

SELECT MATCH_TIME() AS fired, REGEXP_SUBSTR(s.Image, '[^\\]+$') AS image, s.ts AS started, s.ProcessGuid AS guid
FROM   processes
MATCH  (s[EventID = 1 AND ParentImage ILIKE '%\\cmd.exe'] -[10 SECONDS]-> !e[EventID = 5])
PARTITION BY ProcessGuid
WHERE  MATCH_TIME() <= TIMESTAMP '2023-08-15 10:00:14.444Z';
