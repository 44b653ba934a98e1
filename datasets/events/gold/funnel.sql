-- Each step counts from the moment of the step before it on.
WITH views AS (
  SELECT event_date, user_id, MIN(occurred_at) AS reached_at
  FROM silver.events_events
  WHERE event IN ('page_view', 'product_view') AND user_id IS NOT NULL
  GROUP BY event_date, user_id
),
carts AS (
  SELECT views.event_date, views.user_id, MIN(events.occurred_at) AS reached_at
  FROM views
  INNER JOIN silver.events_events AS events
    ON events.event_date = views.event_date AND events.user_id = views.user_id
  WHERE events.event = 'add_to_cart' AND events.occurred_at >= views.reached_at
  GROUP BY views.event_date, views.user_id
),
checkouts AS (
  SELECT carts.event_date, carts.user_id, MIN(events.occurred_at) AS reached_at
  FROM carts
  INNER JOIN silver.events_events AS events
    ON events.event_date = carts.event_date AND events.user_id = carts.user_id
  WHERE events.event IN ('checkout', 'shipping_details', 'payment_details')
    AND events.occurred_at >= carts.reached_at
  GROUP BY carts.event_date, carts.user_id
),
purchases AS (
  SELECT checkouts.event_date, checkouts.user_id
  FROM checkouts
  INNER JOIN silver.events_events AS events
    ON events.event_date = checkouts.event_date AND events.user_id = checkouts.user_id
  WHERE events.event = 'purchase' AND events.occurred_at >= checkouts.reached_at
  GROUP BY checkouts.event_date, checkouts.user_id
),
reached AS (
  SELECT event_date, 'view' AS step, user_id FROM views
  UNION ALL
  SELECT event_date, 'add_to_cart' AS step, user_id FROM carts
  UNION ALL
  SELECT event_date, 'checkout' AS step, user_id FROM checkouts
  UNION ALL
  SELECT event_date, 'purchase' AS step, user_id FROM purchases
),
steps AS (
  SELECT days.event_date, names.step, days.viewers
  FROM (SELECT event_date, COUNT(*) AS viewers FROM views GROUP BY event_date) AS days
  CROSS JOIN (VALUES ('view'), ('add_to_cart'), ('checkout'), ('purchase')) AS names (step)
)
SELECT
  steps.event_date AS date,
  steps.step,
  COUNT(reached.user_id) AS users,
  CAST(COUNT(reached.user_id) AS DOUBLE) / steps.viewers AS conversion
FROM steps
LEFT JOIN reached
  ON reached.event_date = steps.event_date AND reached.step = steps.step
GROUP BY steps.event_date, steps.step, steps.viewers
