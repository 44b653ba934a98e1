"""An S3 server for tests: moto, with one bucket, on a free loopback port.

Prints its endpoint and its bucket once it answers, and ends when its standard input is closed.
"""

import logging
import sys

import boto3
from moto.server import ThreadedMotoServer
from moto_writes import write_one_at_a_time

BUCKET = "smelt-test"

write_one_at_a_time()
logging.getLogger("werkzeug").setLevel(logging.ERROR)

server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
host, port = server.get_host_and_port()
endpoint = f"http://{host}:{port}"
boto3.client(
    "s3",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="test",
    aws_secret_access_key="test",
).create_bucket(Bucket=BUCKET)
print(endpoint, BUCKET, flush=True)

sys.stdin.read()
server.stop()
