WITH monthly AS (
  SELECT
    month,
    CAST(SUBSTR(month, 1, 4) AS INT) * 12 + CAST(SUBSTR(month, 6, 2) AS INT) AS month_number,
    COUNT(*) AS requests,
    COUNT(DISTINCT user_id) AS active_users,
    SUM(tokens) AS tokens,
    SUM(cost) AS total_cost
  FROM silver.llm_usage_transactions
  GROUP BY month
),
companies AS (
  SELECT
    month,
    company,
    ROW_NUMBER() OVER (PARTITION BY month ORDER BY cost DESC, company) AS place
  FROM (
    SELECT
      transactions.month,
      COALESCE(users.company, 'unknown') AS company,
      SUM(transactions.cost) AS cost
    FROM silver.llm_usage_transactions AS transactions
    LEFT JOIN silver.llm_usage_users AS users
      ON users.user_id = transactions.user_id
    GROUP BY transactions.month, COALESCE(users.company, 'unknown')
  ) AS by_company
),
models AS (
  SELECT
    month,
    model,
    ROW_NUMBER() OVER (PARTITION BY month ORDER BY cost DESC, model) AS place
  FROM (
    SELECT month, model, SUM(cost) AS cost
    FROM silver.llm_usage_transactions
    GROUP BY month, model
  ) AS by_model
),
beside_the_month_before AS (
  SELECT
    *,
    CASE
      WHEN LAG(month_number) OVER (ORDER BY month_number) = month_number - 1
      THEN CAST(LAG(total_cost) OVER (ORDER BY month_number) AS DOUBLE)
    END AS cost_before
  FROM monthly
)
SELECT
  this.month,
  this.requests,
  this.active_users,
  this.total_cost,
  CAST(this.total_cost AS DOUBLE) * 1000 / NULLIF(CAST(this.tokens AS DOUBLE), 0) AS cost_per_1k_tokens,
  companies.company AS top_company,
  models.model AS top_model,
  (CAST(this.total_cost AS DOUBLE) - this.cost_before) / NULLIF(this.cost_before, 0) AS cost_change,
  this.month AS _partition
FROM beside_the_month_before AS this
LEFT JOIN companies
  ON companies.month = this.month AND companies.place = 1
LEFT JOIN models
  ON models.month = this.month AND models.place = 1
