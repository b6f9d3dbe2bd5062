-- A customer buys an item and cancels exactly that quantity within seven days: for each cancellation the latest purchase before it.
CREATE STREAM lines (
  InvoiceNo TEXT, StockCode TEXT, Description TEXT, Quantity BIGINT, InvoiceDate TIMESTAMP, UnitPrice DOUBLE, CustomerID TEXT, Country TEXT,
  WATERMARK FOR InvoiceDate AS InvoiceDate
) WITH (connector = 'file', path = '../shared/data/online_retail/lines.csv.gz');

SELECT p.CustomerID, p.StockCode, p.InvoiceNo AS bought, c.InvoiceNo AS cancelled,
       TO_CHAR(p.InvoiceDate, 'YYYY-MM-DD"T"HH24:MI:SS') AS bought_at,
       TO_CHAR(c.InvoiceDate, 'YYYY-MM-DD"T"HH24:MI:SS') AS cancelled_at,
       p.Quantity
FROM   (SELECT *, InvoiceNo LIKE 'C%' AS cancellation FROM lines WHERE CustomerID IS NOT NULL) AS l
MATCH ALL (p[NOT cancellation AND Quantity > 0] -> !later[NOT cancellation AND Quantity > 0] ->> c[cancellation])
PARTITION BY CustomerID, StockCode, ABS(Quantity)
WITHIN 7 DAYS;
