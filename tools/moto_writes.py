"""Makes moto write as S3 does, for every server of ours that is moto."""

import threading

from moto.s3.responses import S3Response

WRITES = ("put_object", "copy_object", "delete_object", "_key_response_post")


def write_one_at_a_time() -> None:
    """moto checks a conditional put (If-None-Match) and stores it in two steps that other requests can come between,
    so two writers could both be told that they created an object. S3 does not do that, so every request that changes
    an object holds a lock here."""
    lock = threading.RLock()

    def locked(method):
        def call(self, *arguments, **named):
            with lock:
                return method(self, *arguments, **named)

        return call

    for name in WRITES:
        setattr(S3Response, name, locked(getattr(S3Response, name)))
