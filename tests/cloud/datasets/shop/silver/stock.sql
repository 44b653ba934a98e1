SELECT item, TRY_CAST(pieces AS BIGINT) AS pieces
FROM bronze.shop_stock
