WITH positive AS (
  SELECT
    city,
    payment_id,
    payment_date,
    department,
    account,
    vendor,
    amount,
    LN(CAST(amount AS DOUBLE)) AS x
  FROM silver.spending_payments
  WHERE amount > 0
),
middles AS (
  SELECT city, account, MEDIAN(x) AS middle
  FROM positive
  GROUP BY city, account
  HAVING COUNT(*) >= 30
),
deviations AS (
  SELECT positive.*, positive.x - middles.middle AS deviation
  FROM middles
  INNER JOIN positive
    ON positive.city = middles.city AND positive.account IS NOT DISTINCT FROM middles.account
),
spreads AS (
  SELECT city, account, MEDIAN(ABS(deviation)) AS mad
  FROM deviations
  GROUP BY city, account
)
SELECT
  deviations.city,
  payment_id,
  payment_date,
  department,
  deviations.account,
  vendor,
  amount,
  0.6745 * deviation / mad AS score
FROM spreads
INNER JOIN deviations
  ON deviations.city = spreads.city AND deviations.account IS NOT DISTINCT FROM spreads.account
WHERE mad > 0 AND ABS(0.6745 * deviation / mad) > 3.5
