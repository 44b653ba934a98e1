SELECT
  DATE_TRUNC('minute', occurred_at) AS window_start,
  event,
  COUNT(*) AS events,
  COUNT(DISTINCT user_id) AS users
FROM silver.events_events
GROUP BY DATE_TRUNC('minute', occurred_at), event
