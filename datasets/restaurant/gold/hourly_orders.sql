WITH RECURSIVE served AS (
  SELECT
    CAST(ordered_at AS DATE) AS date,
    CAST(EXTRACT(HOUR FROM ordered_at) AS INT) AS hour,
    COUNT(*) AS orders,
    SUM(total_amount) AS revenue
  FROM silver.restaurant_orders
  WHERE status = 'SERVED'
  GROUP BY CAST(ordered_at AS DATE), CAST(EXTRACT(HOUR FROM ordered_at) AS INT)
),
days AS (
  SELECT MIN(date) AS date, MAX(date) AS last_date
  FROM served
  HAVING COUNT(*) > 0
  UNION ALL
  SELECT CAST(date + INTERVAL '1' DAY AS DATE) AS date, last_date
  FROM days
  WHERE date < last_date
),
hours AS (
  SELECT CAST(hour AS INT) AS hour
  FROM (
    VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11),
      (12), (13), (14), (15), (16), (17), (18), (19), (20), (21), (22), (23)
  ) AS numbers (hour)
)
SELECT
  days.date,
  hours.hour,
  COALESCE(served.orders, 0) AS orders,
  COALESCE(served.revenue, 0) AS revenue
FROM days
CROSS JOIN hours
LEFT JOIN served
  ON served.date = days.date AND served.hour = hours.hour
