SELECT
  CAST(ordered_at AS DATE) AS date,
  COUNT(*) AS orders,
  SUM(total_amount) AS revenue,
  CAST(SUM(total_amount) AS DOUBLE) / COUNT(*) AS avg_order_value
FROM silver.restaurant_orders
WHERE status = 'SERVED'
GROUP BY CAST(ordered_at AS DATE)
