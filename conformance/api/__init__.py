"""What `smelt serve` answers over HTTP: to fuzzed requests, to callers without the right, to bad requests,
and to questions that DuckDB answers as well.
"""
