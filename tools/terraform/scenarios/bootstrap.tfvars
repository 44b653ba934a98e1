region       = "eu-central-1"
repository   = "example/smelt"
kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"]
