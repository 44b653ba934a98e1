WITH by_vendor AS (
  SELECT
    city,
    fiscal_year,
    department,
    vendor,
    SUM(amount) AS amount
  FROM silver.spending_payments
  WHERE vendor IS NOT NULL
  GROUP BY city, fiscal_year, department, vendor
),
of_department_and_city AS (
  SELECT city, fiscal_year, department, vendor, CAST(amount AS DOUBLE) AS amount
  FROM by_vendor
  UNION ALL
  SELECT city, fiscal_year, 'ALL' AS department, vendor, CAST(SUM(amount) AS DOUBLE) AS amount
  FROM by_vendor
  GROUP BY city, fiscal_year, vendor
),
ranked AS (
  SELECT
    city,
    fiscal_year,
    department,
    amount / SUM(amount) OVER (PARTITION BY city, fiscal_year, department) AS share,
    ROW_NUMBER() OVER (PARTITION BY city, fiscal_year, department ORDER BY amount DESC, vendor) AS place
  FROM of_department_and_city
  WHERE amount > 0
)
SELECT
  city,
  fiscal_year,
  department,
  COUNT(*) AS vendors,
  10000 * SUM(share * share) AS hhi,
  SUM(CASE WHEN place = 1 THEN share ELSE 0 END) AS top1_share,
  SUM(CASE WHEN place <= 5 THEN share ELSE 0 END) AS top5_share,
  SUM(CASE WHEN place <= 10 THEN share ELSE 0 END) AS top10_share
FROM ranked
GROUP BY city, fiscal_year, department
