SELECT
  created_date AS date,
  borough,
  complaint_type,
  COUNT(*) AS requests,
  COUNT(closed_at) AS closed,
  MEDIAN(resolution_hours) AS median_resolution_hours
FROM silver.nyc311_requests
GROUP BY created_date, borough, complaint_type
