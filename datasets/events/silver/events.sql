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
    CASE
      WHEN occurred_offset IN ('', 'Z') THEN occurred_at
      -- Engines differ in what they make of +02:00 in a text, so it is taken off here.
      WHEN TRANSLATE(occurred_offset, '123456789', '000000000') IN ('+00:00', '-00:00')
        AND SUBSTR(occurred_offset, 2, 2) < '24' AND SUBSTR(occurred_offset, 5, 2) < '60'
        AND occurred_at BETWEEN CAST('0001-01-02' AS TIMESTAMP(6)) AND CAST('9999-12-30' AS TIMESTAMP(6))
      THEN occurred_at - TRY_CAST(
        REPLACE(SUBSTR(occurred_offset, 1, 3) || ' hours ' || SUBSTR(occurred_offset, 1, 1) || SUBSTR(occurred_offset, 5, 2) || ' minutes', '+', '') AS INTERVAL
      )
    END AS occurred_at,
    CASE
      WHEN received_offset IN ('', 'Z') THEN received_at
      WHEN TRANSLATE(received_offset, '123456789', '000000000') IN ('+00:00', '-00:00')
        AND SUBSTR(received_offset, 2, 2) < '24' AND SUBSTR(received_offset, 5, 2) < '60'
        AND received_at BETWEEN CAST('0001-01-02' AS TIMESTAMP(6)) AND CAST('9999-12-30' AS TIMESTAMP(6))
      THEN received_at - TRY_CAST(
        REPLACE(SUBSTR(received_offset, 1, 3) || ' hours ' || SUBSTR(received_offset, 1, 1) || SUBSTR(received_offset, 5, 2) || ' minutes', '+', '') AS INTERVAL
      )
    END AS received_at,
    platform,
    country,
    properties
  FROM (
    SELECT
      event_id,
      _content_key,
      event,
      user_id,
      session_id,
      -- 2020-07-16 21:52:54.123, with T or space, fraction or none; digits behind the microseconds are cut off
      CASE
        WHEN TRANSLATE(SUBSTR(occurred_at, 1, 19), ' 123456789', 'T000000000') = '0000-00-00T00:00:00'
          AND SUBSTR(occurred_at, 12, 2) < '24' AND SUBSTR(occurred_at, 18, 2) < '60'
        THEN TRY_CAST(SUBSTR(occurred_at, 1, LEAST(26, LENGTH(occurred_at) - LENGTH(occurred_offset))) AS TIMESTAMP(6))
      END AS occurred_at,
      occurred_offset,
      CASE
        WHEN TRANSLATE(SUBSTR(received_at, 1, 19), ' 123456789', 'T000000000') = '0000-00-00T00:00:00'
          AND SUBSTR(received_at, 12, 2) < '24'
        THEN TRY_CAST(SUBSTR(received_at, 1, LEAST(26, LENGTH(received_at) - LENGTH(received_offset))) AS TIMESTAMP(6))
      END AS received_at,
      received_offset,
      platform,
      country,
      properties
    FROM (
      SELECT
        event_id,
        _content_key,
        event,
        user_id,
        session_id,
        occurred_at,
        -- What stands behind the digits: nothing, Z, or an offset such as +02:00
        TRIM(LEADING '.0123456789' FROM SUBSTR(occurred_at, 20)) AS occurred_offset,
        received_at,
        TRIM(LEADING '.0123456789' FROM SUBSTR(received_at, 20)) AS received_offset,
        platform,
        country,
        properties
      FROM bronze.events_events
    ) AS received
  ) AS of_their_clocks
) AS in_utc
