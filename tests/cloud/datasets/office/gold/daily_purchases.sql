SELECT bought_on AS date, COUNT(*) AS purchases, SUM(amount) AS amount
FROM silver.office_purchases
GROUP BY bought_on
