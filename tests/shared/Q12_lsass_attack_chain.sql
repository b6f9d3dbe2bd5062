-- A program from a Downloads folder connects out, creates a thread in another process, which connects to the same address
-- and then opens lsass.exe with 0x1010: all within five minutes, every combination.
-- The file is five channels one after the other; the watermark's hour of patience puts them in order.
CREATE STREAM events (
  "@timestamp" TIMESTAMP, Channel TEXT, EventID BIGINT, Image TEXT, ParentImage TEXT, ProcessGuid TEXT,
  SourceProcessGuid TEXT, SourceProcessGUID_ TEXT FROM 'SourceProcessGUID', TargetProcessGuid TEXT,
  TargetImage TEXT, SourceImage TEXT, GrantedAccess TEXT, DestinationIp TEXT,
  WATERMARK FOR "@timestamp" AS "@timestamp" - INTERVAL '1' HOUR
) WITH (connector = 'file', path = '../shared/data/windows_attack_lsass/events.jsonl.gz');

SELECT a."@timestamp", b."@timestamp", c."@timestamp", d."@timestamp", e."@timestamp",
       REGEXP_SUBSTR(a.Image, '[^\\]+$') AS starter, REGEXP_SUBSTR(e.SourceImage, '[^\\]+$') AS reader, b.DestinationIp
FROM   events
MATCH ALL (
  a[EventID = 1 AND Image ILIKE '%\\Downloads\\%']
  ->> b[EventID = 3 AND ProcessGuid = a.ProcessGuid AND "@timestamp" > a."@timestamp"]
  ->> c[EventID = 8 AND SourceProcessGuid = a.ProcessGuid AND "@timestamp" > b."@timestamp"]
  ->> d[EventID = 3 AND ProcessGuid = c.TargetProcessGuid AND DestinationIp = b.DestinationIp AND "@timestamp" > c."@timestamp"]
  ->> e[EventID = 10 AND SourceProcessGUID_ = c.TargetProcessGuid AND TargetImage ILIKE '%\\lsass.exe' AND GrantedAccess = '0x1010'
        AND "@timestamp" > d."@timestamp"]
)
WITHIN 5 MINUTES;
