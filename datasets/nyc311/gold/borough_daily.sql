SELECT
  created_date AS date,
  borough,
  COUNT(*) AS requests,
  COUNT(closed_at) AS closed,
  MEDIAN(resolution_hours) AS median_resolution_hours,
  PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY resolution_hours) AS p90_resolution_hours
FROM silver.nyc311_requests
GROUP BY created_date, borough
