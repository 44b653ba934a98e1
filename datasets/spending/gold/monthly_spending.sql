SELECT
  city,
  fiscal_year,
  month,
  department,
  COUNT(*) AS payments,
  SUM(amount) AS amount
FROM silver.spending_payments
GROUP BY city, fiscal_year, month, department
