"""Parts of requests that have broken servers: sent as they are."""


def _words(text: str) -> list[str]:
    return text.split()


# Dots, escapes that are none or hide something, other alphabets, what path templates are made of.
SEGMENTS = ["", "x" * 2000, "%41" * 700, "\xe4", "\x7f"]
SEGMENTS += _words("""
    . .. ... %2e%2e %2E %2F %5c % %% %2 %zz %00 %0d%0a %20 %ff %c0%af %C3%28 %ed%a0%80 %e2%82%ac %F0%9F%92%A9
    * ** {id} : a:b :undo ; a;b=c ~ @ \\ | ^ " < ' ` & = + # null -1 0
""")

VALUES = ["", "\xff", "\xe4\xf6", "\x84", "\t", " ", "x" * 4000, "a, b"]
VALUES += _words("""
    0 -1 1e9 0.1 99999999999999999999 NaN true null * " "" "1" W/"1" W/ , ; a;q=x = %s 2026-13-01T00:00:00Z bytes=0- gzip;q=0
    application/json application/merge-patch+json text/csv multipart/form-data close keep-alive upgrade websocket 100-continue
    gzip identity http://example.com 127.0.0.1 ::1 PUT
""")

# Neither X-Request-Timeout, for which 504 may be right, nor what frames a body.
HEADERS = _words("""
    Accept Accept-Encoding Accept-Language Authorization Cache-Control Connection Content-Encoding Content-Type Cookie Expect
    Forwarded If-Match If-Modified-Since If-None-Match If-Range Idempotency-Key Last-Event-ID Origin Range Referer TE Trailer
    Upgrade Access-Control-Request-Method Access-Control-Request-Headers User-Agent X-Forwarded-For X-Forwarded-Proto X-Request-Id
    X-HTTP-Method-Override Grpc-Timeout traceparent
""")

METHODS = _words("GET HEAD OPTIONS POST PUT PATCH DELETE TRACE CONNECT QUERY get X-Y")

BODIES = [b"", b" ", b"\xff\xfe{}", b"\xef\xbb\xbf{}", b"[" * 2000, b'{"a":' * 500, b'{"title":"\xff"}', b'{"title":1,"title":2}']
BODIES += rb"""
    { nul NaN 1e999 -0 [] // {}{} "\ud800" {"title":"\ud800"} {"title":"\u0000"} {"\u0000":0} 123456789012345678901234567890
""".split()
