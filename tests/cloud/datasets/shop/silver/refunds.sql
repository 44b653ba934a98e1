SELECT TRY_CAST(refund_id AS BIGINT) AS refund_id, TRY_CAST(amount AS DOUBLE) AS amount
FROM bronze.shop_refunds
