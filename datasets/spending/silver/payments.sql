-- One typed row for each bronze row, of either city; a row of Boston has its own columns filled.
SELECT
  city,
  payment_id,
  payment_date,
  CAST(EXTRACT(YEAR FROM payment_date) + CASE WHEN EXTRACT(MONTH FROM payment_date) >= 7 THEN 1 ELSE 0 END AS INT) AS fiscal_year,
  SUBSTR(CAST(payment_date AS VARCHAR), 1, 7) AS month,
  department,
  account,
  vendor,
  -- Digits, a sign and a point only: engines differ in what else they take for a number.
  CASE
    WHEN TRANSLATE(amount_text, '-0123456789', '') IN ('', '.') THEN TRY_CAST(amount_text AS DECIMAL(18, 2))
  END AS amount
FROM (
  SELECT
    city,
    payment_id,
    CASE
      -- 8/27/2018, each number with one digit or two
      WHEN TRANSLATE(date_text, '123456789', '000000000') IN ('0/0/0000', '0/00/0000', '00/0/0000', '00/00/0000')
      THEN TRY_CAST(
        SPLIT_PART(date_text, '/', 3) || '-' || LPAD(SPLIT_PART(date_text, '/', 1), 2, '0') || '-'
          || LPAD(SPLIT_PART(date_text, '/', 2), 2, '0') AS DATE
      )
      -- 2018-08-27, perhaps with a time behind it
      WHEN TRANSLATE(SUBSTR(date_text, 1, 10), '123456789', '000000000') = '0000-00-00'
      THEN TRY_CAST(SUBSTR(date_text, 1, 10) AS DATE)
    END AS payment_date,
    department,
    account,
    vendor,
    -- (12.50) is -12.50
    CASE
      WHEN amount_text LIKE '(%)' THEN '-' || SUBSTR(amount_text, 2, LENGTH(amount_text) - 2)
      ELSE amount_text
    END AS amount_text
  FROM (
    SELECT
      CASE WHEN COALESCE(voucher, entered, monetary_amount) IS NOT NULL THEN 'Boston' ELSE 'Phoenix' END AS city,
      CASE
        WHEN COALESCE(voucher, entered, monetary_amount) IS NOT NULL
        THEN voucher || '-' || voucher_line || '-' || distribution_line
        ELSE _content_key
      END AS payment_id,
      SPLIT_PART(COALESCE(entered, check_payment_date), ' ', 1) AS date_text,
      COALESCE(dept_name, dept_descrptn) AS department,
      COALESCE(account_descr, commitmt_item_name) AS account,
      vendor_name AS vendor,
      REPLACE(REPLACE(REPLACE(COALESCE(monetary_amount, invoice_net_amt), '$', ''), ',', ''), ' ', '') AS amount_text
    FROM bronze.spending_payments
  ) AS of_either_city
) AS in_one_notation
