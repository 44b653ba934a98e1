SELECT
  month,
  item,
  quantity,
  revenue,
  ROW_NUMBER() OVER (PARTITION BY month ORDER BY quantity DESC, item) AS rank
FROM (
  SELECT
    orders.ordered_month AS month,
    order_items.item,
    CAST(SUM(order_items.quantity) AS BIGINT) AS quantity,
    SUM(order_items.quantity * order_items.unit_price) AS revenue
  FROM silver.restaurant_orders AS orders
  INNER JOIN silver.restaurant_order_items AS order_items
    ON order_items.order_id = orders.order_id
  WHERE orders.status = 'SERVED'
  GROUP BY orders.ordered_month, order_items.item
) AS sold
