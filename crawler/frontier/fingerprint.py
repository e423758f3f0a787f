"""The 64 bits of a request's fingerprint by which the queue knows it again."""

from __future__ import annotations

from hashlib import blake2b

KEPT_BYTES = 8
"""What is stored of a fingerprint: Redis holds 64-bit integers in the most compact of its sets."""


def folded(fingerprint: bytes) -> int:
    """Return `fingerprint` as a signed 64-bit integer, which stands in Redis as decimal text.

    REQUEST_FINGERPRINTER_CLASS may give any bytes, such as `b"000000001"`, of which a part is the same for many.
    They are therefore hashed, so that two requests that differ in any byte share a number in one of 2**64 cases.
    """
    return int.from_bytes(blake2b(fingerprint, digest_size=KEPT_BYTES).digest(), "big", signed=True)
