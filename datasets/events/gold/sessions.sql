WITH beside_neighbours AS (
  SELECT
    user_id,
    event_id,
    event,
    occurred_at,
    LAG(occurred_at) OVER (PARTITION BY user_id ORDER BY occurred_at, event_id) AS event_before,
    LEAD(occurred_at) OVER (PARTITION BY user_id ORDER BY occurred_at, event_id) AS event_after
  FROM silver.events_events
  WHERE user_id IS NOT NULL
),
at_borders AS (
  SELECT
    *,
    CASE WHEN event_before IS NULL OR event_before + INTERVAL '30' MINUTE < occurred_at THEN 1 ELSE 0 END AS is_first,
    CASE WHEN event_after IS NULL OR occurred_at + INTERVAL '30' MINUTE < event_after THEN 1 ELSE 0 END AS is_last
  FROM beside_neighbours
),
numbered AS (
  SELECT
    *,
    SUM(is_first) OVER (
      PARTITION BY user_id ORDER BY occurred_at, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session
  FROM at_borders
)
SELECT
  user_id,
  MIN(occurred_at) AS session_start,
  MAX(occurred_at) AS session_end,
  COUNT(*) AS events,
  (ROUND(EXTRACT(EPOCH FROM MAX(occurred_at)) * 1e6) - ROUND(EXTRACT(EPOCH FROM MIN(occurred_at)) * 1e6)) / 1e6 AS duration_s,
  MAX(CASE WHEN is_first = 1 THEN event END) AS entry_event,
  MAX(CASE WHEN is_last = 1 THEN event END) AS exit_event
FROM numbered
GROUP BY user_id, session
