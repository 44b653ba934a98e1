"""An S3 server for tests: moto, with one bucket, on a free loopback port.

Prints its endpoint and its bucket once it answers, and ends when its standard input is closed.

moto checks a conditional put (If-None-Match) and stores it in two steps that other requests can come
between, so two writers could both be told that they created an object. S3 does not do that, so every
request that changes an object holds a lock here.
"""

import logging
import sys
import threading

import boto3
from moto.s3.responses import S3Response
from moto.server import ThreadedMotoServer

BUCKET = "smelt-test"
WRITES = ("put_object", "copy_object", "delete_object", "_key_response_post")

lock = threading.RLock()


def one_at_a_time(method):
    def locked(self, *args, **kwargs):
        with lock:
            return method(self, *args, **kwargs)

    return locked


for name in WRITES:
    setattr(S3Response, name, one_at_a_time(getattr(S3Response, name)))
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
