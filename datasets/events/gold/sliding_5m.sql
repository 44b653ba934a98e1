SELECT
  window_start,
  event,
  CAST(SUM(events) AS BIGINT) AS events,
  COUNT(user_id) AS users,
  CAST(CAST(window_start AS DATE) AS VARCHAR) AS _partition
FROM (
  SELECT window_start, event, user_id, COUNT(*) AS events
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
  GROUP BY window_start, event, user_id
) AS by_user
GROUP BY window_start, event
