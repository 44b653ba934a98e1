SELECT
  transaction_id,
  user_id,
  COALESCE(model, 'unknown') AS model,
  prompt_tokens,
  completion_tokens,
  CASE WHEN tokens_text IS NULL THEN prompt_tokens + completion_tokens ELSE tokens END AS tokens,
  cost,
  occurred_at,
  status,
  SUBSTR(CAST(occurred_at AS VARCHAR), 1, 7) AS month
FROM (
  SELECT
    transaction_id,
    user_id,
    model,
    prompt_tokens,
    completion_tokens,
    tokens,
    tokens_text,
    cost,
    CASE
      WHEN occurred_offset IN ('', 'Z') THEN occurred_at
      -- Engines differ in what they make of +02:00 in a text, so it is taken off here.
      WHEN TRANSLATE(occurred_offset, '123456789', '000000000') IN ('+00:00', '-00:00')
        AND SUBSTR(occurred_offset, 2, 2) < '24' AND SUBSTR(occurred_offset, 5, 2) < '60'
        AND occurred_at BETWEEN CAST('0001-01-02' AS TIMESTAMP(6)) AND CAST('9999-12-30' AS TIMESTAMP(6))
      THEN occurred_at - TRY_CAST(
        REPLACE(SUBSTR(occurred_offset, 1, 3) || ' hours ' || SUBSTR(occurred_offset, 1, 1) || SUBSTR(occurred_offset, 5, 2) || ' minutes', '+', '') AS INTERVAL
      )
    END AS occurred_at,
    status
  FROM (
    SELECT
      -- A trace of bare requests knows neither their numbers nor users.
      CASE WHEN transaction_id IS NULL AND user_id IS NULL THEN _content_key ELSE transaction_id END AS transaction_id,
      user_id,
      model,
      -- Engines differ in what they cast to an integer (12.5? 1e3?): only sign and digits are one.
      CASE WHEN TRANSLATE(prompt_tokens, '+-0123456789', '') = '' THEN TRY_CAST(prompt_tokens AS BIGINT) END AS prompt_tokens,
      CASE WHEN TRANSLATE(completion_tokens, '+-0123456789', '') = '' THEN TRY_CAST(completion_tokens AS BIGINT) END AS completion_tokens,
      CASE WHEN TRANSLATE(tokens, '+-0123456789', '') = '' THEN TRY_CAST(tokens AS BIGINT) END AS tokens,
      tokens AS tokens_text,
      CASE
        WHEN cost IS NULL THEN CAST(0 AS DECIMAL(18, 6))
        WHEN TRANSLATE(cost, '+-0123456789', '') IN ('', '.') THEN TRY_CAST(cost AS DECIMAL(18, 6))
        -- As Python writes what is small: 5e-05
        WHEN TRANSLATE(UPPER(cost), '+-0123456789', '') IN ('E', '.E') THEN TRY_CAST(TRY_CAST(cost AS DOUBLE) AS DECIMAL(18, 6))
      END AS cost,
      -- 2023-11-16 18:15:46.6805900, with T or space; digits behind the microseconds are cut off.
      CASE
        WHEN TRANSLATE(SUBSTR(occurred_at, 1, 19), ' 123456789', 'T000000000') = '0000-00-00T00:00:00'
          AND SUBSTR(occurred_at, 12, 2) < '24' AND SUBSTR(occurred_at, 18, 2) < '60'
        THEN TRY_CAST(SUBSTR(occurred_at, 1, LEAST(26, LENGTH(occurred_at) - LENGTH(occurred_offset))) AS TIMESTAMP(6))
      END AS occurred_at,
      occurred_offset,
      status
    FROM (
      SELECT
        transaction_id,
        _content_key,
        user_id,
        model,
        prompt_tokens,
        completion_tokens,
        tokens,
        cost,
        occurred_at,
        -- What stands behind the digits: nothing, Z, or an offset such as +02:00
        TRIM(LEADING '.0123456789' FROM SUBSTR(occurred_at, 20)) AS occurred_offset,
        status
      FROM bronze.llm_usage_transactions
    ) AS received
  ) AS typed
) AS in_utc
