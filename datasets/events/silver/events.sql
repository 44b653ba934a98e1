SELECT
  COALESCE(event_id, _content_key) AS event_id,
  event,
  user_id,
  session_id,
  occurred_at,
  received_at,
  platform,
  country,
  properties,
  CAST(occurred_at AS DATE) AS event_date
FROM (
  SELECT
    event_id,
    _content_key,
    event,
    user_id,
    session_id,
    -- 2020-07-16 21:52:54.123, with T or space, fraction or none, Z or nothing behind it
    CASE
      WHEN TRANSLATE(SUBSTR(occurred_at, 1, 19), ' 123456789', 'T000000000') = '0000-00-00T00:00:00'
        AND SUBSTR(occurred_at, 12, 2) < '24'
        AND TRIM(LEADING '.0123456789' FROM SUBSTR(occurred_at, 20)) IN ('', 'Z')
      THEN TRY_CAST(SUBSTR(REPLACE(occurred_at, 'Z', ''), 1, 26) AS TIMESTAMP(6))
    END AS occurred_at,
    CASE
      WHEN TRANSLATE(SUBSTR(received_at, 1, 19), ' 123456789', 'T000000000') = '0000-00-00T00:00:00'
        AND SUBSTR(received_at, 12, 2) < '24'
        AND TRIM(LEADING '.0123456789' FROM SUBSTR(received_at, 20)) IN ('', 'Z')
      THEN TRY_CAST(SUBSTR(REPLACE(received_at, 'Z', ''), 1, 26) AS TIMESTAMP(6))
    END AS received_at,
    platform,
    country,
    properties
  FROM bronze.events_events
) AS typed
