SELECT
  created_month AS month,
  agency,
  COUNT(*) AS requests,
  COUNT(closed_at) AS closed,
  COUNT(*) FILTER (WHERE resolution_hours <= 24) AS closed_within_24h,
  MEDIAN(resolution_hours) AS median_resolution_hours
FROM silver.nyc311_requests
GROUP BY created_month, agency
