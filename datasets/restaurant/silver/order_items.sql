SELECT
  order_item_id,
  order_id,
  item,
  category,
  quantity,
  unit_price,
  ordered_at,
  SUBSTR(CAST(ordered_at AS VARCHAR), 1, 7) AS ordered_month,
  _updated_at
FROM (
  SELECT
    CASE WHEN TRANSLATE(order_item_id, '+-0123456789', '') = '' THEN TRY_CAST(order_item_id AS BIGINT) END AS order_item_id,
    CASE WHEN TRANSLATE(order_id, '+-0123456789', '') = '' THEN TRY_CAST(order_id AS BIGINT) END AS order_id,
    item,
    category,
    CASE WHEN TRANSLATE(quantity, '+-0123456789', '') = '' THEN TRY_CAST(quantity AS INT) END AS quantity,
    CASE
      WHEN TRANSLATE(unit_price, '+-0123456789', '') IN ('', '.') THEN TRY_CAST(unit_price AS DECIMAL(12, 2))
    END AS unit_price,
    TRY_CAST(ordered_at AS TIMESTAMP(6)) AS ordered_at,
    TRY_CAST(updated_at AS TIMESTAMP(6)) AS _updated_at
  FROM bronze.restaurant_order_items
) AS typed
