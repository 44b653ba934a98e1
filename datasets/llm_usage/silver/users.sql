SELECT user_id, username, company, region, plan
FROM bronze.llm_usage_users
