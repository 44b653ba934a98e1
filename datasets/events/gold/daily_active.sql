SELECT
  event_date AS date,
  country,
  COUNT(DISTINCT user_id) AS users,
  COUNT(DISTINCT session_id) AS sessions,
  COUNT(*) AS events
FROM silver.events_events
GROUP BY event_date, country
