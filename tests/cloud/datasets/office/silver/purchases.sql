SELECT
    TRY_CAST(bought_on AS DATE) AS bought_on,
    item,
    vendor,
    TRY_CAST(amount AS DECIMAL(18, 2)) AS amount
FROM bronze.office_purchases
