WITH by_vendor AS (
  SELECT
    city,
    fiscal_year,
    department,
    vendor,
    COUNT(*) AS payments,
    SUM(amount) AS amount
  FROM silver.spending_payments
  GROUP BY city, fiscal_year, department, vendor
),
ranked AS (
  SELECT
    city,
    fiscal_year,
    department,
    vendor,
    payments,
    amount,
    ROW_NUMBER() OVER (
      PARTITION BY city, fiscal_year, department
      ORDER BY CASE WHEN vendor IS NULL THEN 1 ELSE 0 END, amount DESC, vendor
    ) AS place
  FROM by_vendor
),
by_department AS (
  SELECT
    city,
    fiscal_year,
    department,
    CAST(SUM(payments) AS BIGINT) AS payments,
    CAST(SUM(amount) AS DECIMAL(18, 2)) AS amount,
    COUNT(vendor) AS vendors,
    MAX(CASE WHEN place = 1 THEN vendor END) AS top_vendor,
    CAST(MAX(CASE WHEN place = 1 AND vendor IS NOT NULL THEN amount END) AS DOUBLE) AS top_amount
  FROM ranked
  GROUP BY city, fiscal_year, department
),
beside_the_year_before AS (
  SELECT
    *,
    CASE
      WHEN LAG(fiscal_year) OVER (PARTITION BY city, department ORDER BY fiscal_year) = fiscal_year - 1
      THEN CAST(LAG(amount) OVER (PARTITION BY city, department ORDER BY fiscal_year) AS DOUBLE)
    END AS amount_before,
    CAST(SUM(amount) OVER (PARTITION BY city, fiscal_year) AS DOUBLE) AS amount_of_city
  FROM by_department
)
SELECT
  city,
  fiscal_year,
  department,
  payments,
  amount,
  CAST(amount AS DOUBLE) / NULLIF(amount_of_city, 0) AS share,
  (CAST(amount AS DOUBLE) - amount_before) / NULLIF(ABS(amount_before), 0) AS yoy_change,
  vendors,
  CAST(amount AS DOUBLE) / payments AS avg_payment,
  top_vendor,
  top_amount / NULLIF(CAST(amount AS DOUBLE), 0) AS top_vendor_share,
  CAST(fiscal_year AS VARCHAR) AS _partition
FROM beside_the_year_before
