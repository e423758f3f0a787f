"""The 64 bits of a request's fingerprint by which the queue knows it again."""

from __future__ import annotations

from hashlib import blake2b

KEPT_BYTES = 8
"""What is stored of a fingerprint: Redis holds 64-bit integers in the most compact of its sets."""
SHA1_BYTES = 20


def folded(fingerprint: bytes) -> int:
    """Return `fingerprint` as a signed 64-bit integer, which stands in Redis as decimal text.

    Scrapy's own fingerprint is a SHA-1, of which any 8 bytes are uniform: the first are taken as they are.
    REQUEST_FINGERPRINTER_CLASS may give any other bytes, such as `b"000000001"`, whose first 8 are the same for
    many requests. What has not the length of a SHA-1 is therefore hashed, so that two requests that differ in any
    byte share a number in one of 2**64 cases.

    A fingerprinter of one's own that gives 20 bytes has to give a digest.
    """
    if len(fingerprint) != SHA1_BYTES:
        fingerprint = blake2b(fingerprint, digest_size=KEPT_BYTES).digest()
    return int.from_bytes(fingerprint[:KEPT_BYTES], "big", signed=True)
