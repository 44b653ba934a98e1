SELECT
  window_start,
  event,
  CAST(SUM(events) AS BIGINT) AS events,
  COUNT(user_id) AS users
FROM (
  SELECT DATE_TRUNC('minute', occurred_at) AS window_start, event, user_id, COUNT(*) AS events
  FROM silver.events_events
  GROUP BY DATE_TRUNC('minute', occurred_at), event, user_id
) AS by_user
GROUP BY window_start, event
