WITH served AS (
  SELECT CAST(ordered_at AS DATE) AS date, total_amount
  FROM silver.restaurant_orders
  WHERE status = 'SERVED'
),
newest AS (
  SELECT
    MAX(date) AS as_of,
    CAST(MAX(date) - INTERVAL '1' DAY AS DATE) AS yesterday,
    CAST(MAX(date) - INTERVAL '6' DAY AS DATE) AS a_week,
    CAST(MAX(date) - INTERVAL '29' DAY AS DATE) AS a_month
  FROM served
  HAVING COUNT(*) > 0
)
SELECT
  as_of,
  SUM(CASE WHEN date = as_of THEN 1 ELSE 0 END) AS today_orders,
  SUM(CASE WHEN date = as_of THEN total_amount ELSE 0 END) AS today_revenue,
  SUM(CASE WHEN date = yesterday THEN 1 ELSE 0 END) AS yesterday_orders,
  SUM(CASE WHEN date = yesterday THEN total_amount ELSE 0 END) AS yesterday_revenue,
  SUM(CASE WHEN date >= a_week THEN 1 ELSE 0 END) AS last_7_days_orders,
  SUM(CASE WHEN date >= a_week THEN total_amount ELSE 0 END) AS last_7_days_revenue,
  SUM(CASE WHEN date >= a_month THEN 1 ELSE 0 END) AS last_30_days_orders,
  SUM(CASE WHEN date >= a_month THEN total_amount ELSE 0 END) AS last_30_days_revenue
FROM served
CROSS JOIN newest
GROUP BY as_of
