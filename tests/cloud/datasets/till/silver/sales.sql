SELECT
    TRY_CAST(day AS DATE) AS day,
    shop,
    TRY_CAST(sold AS BIGINT) AS sold,
    SUBSTR(day, 1, 7) AS month
FROM bronze.till_sales
