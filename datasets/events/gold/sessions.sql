-- LAG alone: with LEAD the engine holds the rows of all users until the last.
WITH behind_neighbour AS (
  SELECT
    user_id,
    event_id,
    event,
    occurred_at,
    LAG(occurred_at) OVER (PARTITION BY user_id ORDER BY occurred_at, event_id) AS event_before
  FROM silver.events_events
  WHERE user_id IS NOT NULL
),
numbered AS (
  SELECT
    *,
    SUM(CASE WHEN event_before IS NULL OR event_before + INTERVAL '30' MINUTE < occurred_at THEN 1 ELSE 0 END) OVER (
      PARTITION BY user_id ORDER BY occurred_at, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session
  FROM behind_neighbour
)
SELECT
  user_id,
  MIN(occurred_at) AS session_start,
  MAX(occurred_at) AS session_end,
  COUNT(*) AS events,
  (ROUND(EXTRACT(EPOCH FROM MAX(occurred_at)) * 1e6) - ROUND(EXTRACT(EPOCH FROM MIN(occurred_at)) * 1e6)) / 1e6 AS duration_s,
  FIRST_VALUE(event ORDER BY occurred_at, event_id) AS entry_event,
  LAST_VALUE(event ORDER BY occurred_at, event_id) AS exit_event
FROM numbered
GROUP BY user_id, session
