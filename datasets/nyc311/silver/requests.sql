-- One typed row for each bronze row: nothing is filtered, joined or grouped here. What must not
-- become silver is refused by the expectations, on the nulls that this leaves.
--
-- Bronze fields are texts, trimmed, and null when empty. Read it from the inside out:
--   1. dates in one notation, the wall clock as written
--   2. types
--   3. what follows from them
SELECT
  unique_key,
  created_at,
  closed_at,
  agency,
  agency_name,
  complaint_type,
  descriptor,
  location_type,
  incident_zip,
  city,
  borough,
  status,
  open_data_channel_type AS channel,
  community_board,
  latitude,
  longitude,
  CAST(created_at AS DATE) AS created_date,
  CAST(EXTRACT(HOUR FROM created_at) AS INT) AS created_hour,
  CAST(EXTRACT(ISODOW FROM created_at) AS INT) AS day_of_week,
  EXTRACT(ISODOW FROM created_at) >= 6 AS is_weekend,
  -- Epochs are rounded to whole microseconds, which a double holds exactly until the year 2255.
  CASE
    WHEN closed_at >= created_at
    THEN (ROUND(EXTRACT(EPOCH FROM closed_at) * 1e6) - ROUND(EXTRACT(EPOCH FROM created_at) * 1e6)) / 3.6e9
  END AS resolution_hours,
  CASE WHEN created_at IS NOT NULL THEN SUBSTR(created_text, 1, 7) END AS created_month,
  _updated_at
FROM (
  SELECT
    -- Engines differ in what they cast to an integer (12.5? 1e3?): only sign and digits are one.
    CASE WHEN TRANSLATE(unique_key, '+-0123456789', '') = '' THEN TRY_CAST(unique_key AS BIGINT) END AS unique_key,
    TRY_CAST(created_text AS TIMESTAMP(6)) AS created_at,
    TRY_CAST(closed_text AS TIMESTAMP(6)) AS closed_at,
    agency,
    agency_name,
    complaint_type,
    descriptor,
    location_type,
    -- 10032, or 10032.0 from a tool that took it for a number
    CASE
      WHEN TRANSLATE(incident_zip, '123456789', '000000000') = '00000' THEN incident_zip
      WHEN TRANSLATE(incident_zip, '123456789', '000000000') = '00000.0' AND incident_zip LIKE '%.0'
      THEN SUBSTR(incident_zip, 1, 5)
    END AS incident_zip,
    city,
    CASE
      WHEN borough IN ('MANHATTAN', 'BRONX', 'BROOKLYN', 'QUEENS', 'STATEN ISLAND') THEN borough
      WHEN UPPER(borough) IN ('MANHATTAN', 'BRONX', 'BROOKLYN', 'QUEENS', 'STATEN ISLAND') THEN UPPER(borough)
      ELSE 'UNSPECIFIED'
    END AS borough,
    status,
    open_data_channel_type,
    community_board,
    TRY_CAST(latitude AS DOUBLE) AS latitude,
    TRY_CAST(longitude AS DOUBLE) AS longitude,
    TRY_CAST(updated_text AS TIMESTAMP(6)) AS _updated_at,
    created_text
  FROM (
    SELECT
      unique_key,
      agency,
      agency_name,
      complaint_type,
      descriptor,
      location_type,
      incident_zip,
      city,
      borough,
      status,
      open_data_channel_type,
      community_board,
      latitude,
      longitude,
      CASE
        -- Some engines carry 24:00:00 or 23:59:60 over into the next day: here they are no time.
        WHEN SUBSTR(created_date, 12, 2) = '24' OR created_date LIKE '%:60%' THEN NULL
        -- A notation is recognised by its shape, with 0 for every digit; nearly always this one.
        WHEN TRANSLATE(created_date, '123456789', '000000000') = '0000-00-00T00:00:00.000' THEN created_date
        -- 2026-04-13 02:56:23.5-05:00, with T or space, fraction or none; what follows is cut off.
        WHEN TRANSLATE(SUBSTR(created_date, 1, 19), ' 123456789', 'T000000000') = '0000-00-00T00:00:00'
          AND TRANSLATE(TRIM(LEADING '.0123456789' FROM SUBSTR(created_date, 20)), '-123456789', '+000000000')
            IN ('', 'Z', ' UTC', '+00:00', '+0000', '+00')
        THEN SUBSTR(created_date, 1, LENGTH(created_date) - LENGTH(TRIM(LEADING '.0123456789' FROM SUBSTR(created_date, 20))))
        -- 2026-04-13
        WHEN TRANSLATE(created_date, '123456789', '000000000') = '0000-00-00' THEN created_date
        -- 04/13/2026 02:56:23 PM, as the portal's own download writes it.
        WHEN TRANSLATE(created_date, 'P123456789', 'A000000000') = '00/00/0000 00:00:00 AM'
          AND SUBSTR(created_date, 12, 2) BETWEEN '01' AND '12'
        THEN SUBSTR(created_date, 7, 4) || '-' || SUBSTR(created_date, 1, 2) || '-' || SUBSTR(created_date, 4, 2) || 'T'
          || LPAD(CAST(TRY_CAST(SUBSTR(created_date, 12, 2) AS INT) % 12 + CASE SUBSTR(created_date, 21, 1) WHEN 'P' THEN 12 ELSE 0 END AS VARCHAR), 2, '0')
          || SUBSTR(created_date, 14, 6)
      END AS created_text,
      CASE
        WHEN SUBSTR(closed_date, 12, 2) = '24' OR closed_date LIKE '%:60%' THEN NULL
        WHEN TRANSLATE(closed_date, '123456789', '000000000') = '0000-00-00T00:00:00.000' THEN closed_date
        WHEN TRANSLATE(SUBSTR(closed_date, 1, 19), ' 123456789', 'T000000000') = '0000-00-00T00:00:00'
          AND TRANSLATE(TRIM(LEADING '.0123456789' FROM SUBSTR(closed_date, 20)), '-123456789', '+000000000')
            IN ('', 'Z', ' UTC', '+00:00', '+0000', '+00')
        THEN SUBSTR(closed_date, 1, LENGTH(closed_date) - LENGTH(TRIM(LEADING '.0123456789' FROM SUBSTR(closed_date, 20))))
        WHEN TRANSLATE(closed_date, '123456789', '000000000') = '0000-00-00' THEN closed_date
        WHEN TRANSLATE(closed_date, 'P123456789', 'A000000000') = '00/00/0000 00:00:00 AM'
          AND SUBSTR(closed_date, 12, 2) BETWEEN '01' AND '12'
        THEN SUBSTR(closed_date, 7, 4) || '-' || SUBSTR(closed_date, 1, 2) || '-' || SUBSTR(closed_date, 4, 2) || 'T'
          || LPAD(CAST(TRY_CAST(SUBSTR(closed_date, 12, 2) AS INT) % 12 + CASE SUBSTR(closed_date, 21, 1) WHEN 'P' THEN 12 ELSE 0 END AS VARCHAR), 2, '0')
          || SUBSTR(closed_date, 14, 6)
      END AS closed_text,
      CASE
        WHEN SUBSTR(updated_at, 12, 2) = '24' OR updated_at LIKE '%:60%' THEN NULL
        WHEN TRANSLATE(updated_at, '123456789', '000000000') = '0000-00-00T00:00:00.000' THEN updated_at
        WHEN TRANSLATE(SUBSTR(updated_at, 1, 19), ' 123456789', 'T000000000') = '0000-00-00T00:00:00'
          AND TRANSLATE(TRIM(LEADING '.0123456789' FROM SUBSTR(updated_at, 20)), '-123456789', '+000000000')
            IN ('', 'Z', ' UTC', '+00:00', '+0000', '+00')
        THEN SUBSTR(updated_at, 1, LENGTH(updated_at) - LENGTH(TRIM(LEADING '.0123456789' FROM SUBSTR(updated_at, 20))))
        WHEN TRANSLATE(updated_at, '123456789', '000000000') = '0000-00-00' THEN updated_at
        WHEN TRANSLATE(updated_at, 'P123456789', 'A000000000') = '00/00/0000 00:00:00 AM'
          AND SUBSTR(updated_at, 12, 2) BETWEEN '01' AND '12'
        THEN SUBSTR(updated_at, 7, 4) || '-' || SUBSTR(updated_at, 1, 2) || '-' || SUBSTR(updated_at, 4, 2) || 'T'
          || LPAD(CAST(TRY_CAST(SUBSTR(updated_at, 12, 2) AS INT) % 12 + CASE SUBSTR(updated_at, 21, 1) WHEN 'P' THEN 12 ELSE 0 END AS VARCHAR), 2, '0')
          || SUBSTR(updated_at, 14, 6)
      END AS updated_text
    FROM bronze.nyc311_requests
  ) AS in_one_notation
) AS typed
