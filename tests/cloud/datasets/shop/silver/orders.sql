SELECT TRY_CAST(order_id AS BIGINT) AS order_id, TRY_CAST(amount AS DOUBLE) AS amount
FROM bronze.shop_orders
