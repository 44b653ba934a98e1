SELECT
  created_month AS month,
  borough,
  day_of_week,
  created_hour AS hour,
  COUNT(*) AS requests
FROM silver.nyc311_requests
GROUP BY created_month, borough, day_of_week, created_hour
