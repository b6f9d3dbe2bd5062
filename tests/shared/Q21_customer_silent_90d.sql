-- Customers who bought and did not buy again within 90 days; then, looking on, when they next did.
CREATE STREAM lines (
  InvoiceNo TEXT, StockCode TEXT, Description TEXT, Quantity BIGINT, InvoiceDate TIMESTAMP, UnitPrice DOUBLE, CustomerID TEXT, Country TEXT,
  WATERMARK FOR InvoiceDate AS InvoiceDate
) WITH (connector = 'file', path = '../shared/data/online_retail/lines.csv.gz');

CREATE QUERY purchases AS
SELECT InvoiceDate, CustomerID FROM lines WHERE CustomerID IS NOT NULL AND InvoiceNo NOT LIKE 'C%';

CREATE QUERY silent WITH (end_of_input = 'undecided') AS
SELECT MATCH_TIME() AS fired, p.CustomerID AS CustomerID, p.InvoiceDate AS bought_at
FROM   purchases
MATCH  (p[InvoiceDate IS DISTINCT FROM PREV(InvoiceDate)] -[90 DAYS]-> !q[InvoiceDate > p.InvoiceDate])
PARTITION BY CustomerID
AFTER MATCH SKIP TO NEXT ROW;

SELECT TO_CHAR(s.fired, 'YYYY-MM-DD"T"HH24:MI:SS') AS fired, s.CustomerID AS customer,
       TO_CHAR(s.bought_at, 'YYYY-MM-DD"T"HH24:MI:SS') AS bought_at, TO_CHAR(n.InvoiceDate, 'YYYY-MM-DD"T"HH24:MI:SS') AS next_bought_at
FROM   silent, purchases
MATCH  (s:silent -> n:purchases?)
PARTITION BY CustomerID
ORDER BY s.fired, customer;
