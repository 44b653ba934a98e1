SELECT
  order_id,
  ordered_at,
  status,
  total_amount,
  updated_at,
  SUBSTR(CAST(ordered_at AS VARCHAR), 1, 7) AS ordered_month
FROM (
  SELECT
    CASE WHEN TRANSLATE(order_id, '+-0123456789', '') = '' THEN TRY_CAST(order_id AS BIGINT) END AS order_id,
    TRY_CAST(ordered_at AS TIMESTAMP(6)) AS ordered_at,
    UPPER(status) AS status,
    CASE
      WHEN TRANSLATE(total_amount, '+-0123456789', '') IN ('', '.') THEN TRY_CAST(total_amount AS DECIMAL(12, 2))
    END AS total_amount,
    TRY_CAST(updated_at AS TIMESTAMP(6)) AS updated_at
  FROM bronze.restaurant_orders
) AS typed
