# An API for machines, and for tokens that are signed with a secret: the gateway checks neither.
region                = "eu-central-1"
api_jwt_issuer        = "https://issuer.example.org"
api_jwt_audience      = ["smelt", "dashboard"]
api_jwt_shared_secret = true
api_keys_enabled      = true
cdn_enabled           = true
