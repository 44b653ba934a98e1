SELECT TRY_CAST(visit_id AS BIGINT) AS visit_id, TRY_CAST(visited_at AS TIMESTAMP(6)) AS visited_at
FROM bronze.shop_visits
