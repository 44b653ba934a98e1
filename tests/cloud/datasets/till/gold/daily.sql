SELECT day AS date, shop, SUM(sold) AS sold
FROM silver.till_sales
GROUP BY day, shop
