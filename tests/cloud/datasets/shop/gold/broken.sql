SELECT CAST(visited_at AS DATE) AS date, 1 / (COUNT(*) - COUNT(*)) AS visits
FROM silver.shop_visits
GROUP BY CAST(visited_at AS DATE)
