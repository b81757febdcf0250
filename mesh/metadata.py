"""Names in gRPC metadata that both sides of a call have to know."""

import re

REQUEST_ID = "x-request-id"
"""Joins all that one request causes."""
TRACEPARENT = "traceparent"
"""Names the trace and the span that something belongs to, as the W3C has it."""
IDEMPOTENCY_KEY = "idempotency-key"
"""Makes a request have one effect however often it is sent."""
VALID_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")
IDEMPOTENCY_REPLAYED = "idempotency-replayed"
"""In the trailing metadata of an answer that was stored before."""
