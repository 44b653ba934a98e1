-- An event lies in the five windows that start in its own minute and in the four before it.
SELECT
  window_start,
  event,
  COUNT(*) AS events,
  COUNT(DISTINCT user_id) AS users,
  CAST(CAST(window_start AS DATE) AS VARCHAR) AS _partition
FROM (
  SELECT
    DATE_TRUNC('minute', occurred_at) - back AS window_start,
    event,
    user_id
  FROM silver.events_events
  CROSS JOIN (
    VALUES (INTERVAL '0' MINUTE), (INTERVAL '1' MINUTE), (INTERVAL '2' MINUTE),
      (INTERVAL '3' MINUTE), (INTERVAL '4' MINUTE)
  ) AS minutes (back)
) AS in_windows
GROUP BY window_start, event
