SELECT
  CAST(transactions.occurred_at AS DATE) AS date,
  COALESCE(users.region, 'unknown') AS region,
  transactions.model,
  COUNT(*) AS requests,
  CAST(SUM(transactions.tokens) AS BIGINT) AS tokens,
  SUM(transactions.cost) AS total_cost
FROM silver.llm_usage_transactions AS transactions
LEFT JOIN silver.llm_usage_users AS users
  ON users.user_id = transactions.user_id
GROUP BY CAST(transactions.occurred_at AS DATE), COALESCE(users.region, 'unknown'), transactions.model
