SELECT
  CAST(transactions.occurred_at AS DATE) AS date,
  COALESCE(users.company, 'unknown') AS company,
  COUNT(*) AS requests,
  SUM(transactions.cost) AS total_cost
FROM silver.llm_usage_transactions AS transactions
LEFT JOIN silver.llm_usage_users AS users
  ON users.user_id = transactions.user_id
GROUP BY CAST(transactions.occurred_at AS DATE), COALESCE(users.company, 'unknown')
