SELECT CAST(visited_at AS DATE) AS date, COUNT(*) AS visits
FROM silver.shop_visits
GROUP BY CAST(visited_at AS DATE)
