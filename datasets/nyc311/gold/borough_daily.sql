-- The 90th percentile is interpolated here from its two neighbours in rank, because engines do it
-- with different precision (DataFusion's percentile_cont rounds the weight to six digits).
-- At position p = 0.9 * (n - 1) among n sorted values, counted from 0:
-- lower * (1 - fraction of p) + upper * fraction of p.
SELECT
  created_date AS date,
  borough,
  COUNT(*) AS requests,
  COUNT(closed_at) AS closed,
  MEDIAN(resolution_hours) AS median_resolution_hours,
  MAX(CASE WHEN rank_from_0 = FLOOR(position) THEN resolution_hours END) * (1 - MAX(position - FLOOR(position)))
    + MAX(CASE WHEN rank_from_0 = CEIL(position) THEN resolution_hours END) * MAX(position - FLOOR(position))
    AS p90_resolution_hours
FROM (
  SELECT
    created_date,
    borough,
    closed_at,
    resolution_hours,
    -- Nulls come last, so that they do not count in the ranks.
    ROW_NUMBER() OVER (PARTITION BY created_date, borough ORDER BY resolution_hours ASC NULLS LAST) - 1 AS rank_from_0,
    0.9e0 * (COUNT(resolution_hours) OVER (PARTITION BY created_date, borough) - 1) AS position
  FROM silver.nyc311_requests
) AS ranked
GROUP BY created_date, borough
