# What has to be said, and nothing else.
region = "eu-central-1"
