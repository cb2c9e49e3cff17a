"""Messages lose what changes between occurrences and keep what tells failures apart."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from receiver.fingerprints.message import MESSAGE_LENGTH_MAX, TEXT_LENGTH_MAX, parameterize

RETRIES = (
    "HTTPConnectionPool(host='frontend-proxy', port=8080): Max retries exceeded with url: {url} "
    '(Caused by NameResolutionError("<urllib3.connection.HTTPConnection object at {address}>: '
    "Failed to resolve 'frontend-proxy' ([Errno -3] Temporary failure in name resolution)\"))"
)
REFUSED = (
    "14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED {address} ({time})"
)

# Occurrences of one failure.
SAME = {
    "product id in a path, object address": (
        RETRIES.format(url="/api/products/6E92ZMYYFZ", address="0x739d97391730"),
        RETRIES.format(url="/api/products/OLJCESPC7Z", address="0x739d96fda480"),
        RETRIES.format(url="/api/products/LZXBNKLM", address="0x10"),
    ),
    "address, port, time": (
        REFUSED.format(address="172.25.0.9:7070", time="2024-10-30T12:24:19.178Z"),
        REFUSED.format(address="10.1.22.114:7070", time="2024-11-02T03:00:00Z"),
    ),
    "value of a query": ("GET /api/data/?contextKeys=binoculars", "GET /api/data/?contextKeys=8"),
    "uuid": (
        "order 6f12c7b8-1759-4e7a-9cf2-3b291c942324 is gone",
        "order DEADBEEF-DEAD-4EEF-BEEF-DEADBEEFDEAD is gone",
    ),
    "hash, hex or all digits": ("no blob 9f86d081884c7d65", "no blob 1234567890123456"),
    "java identity": ("bad Order@1b2c3d4e", "bad Order@77f99a1"),
    "e-mail": ("no user ann.lee+x@example.co.uk", "no user b@example.org"),
    "ids with a prefix": ("tripId: D1345", "tripId: G77120"),
    "random id": ("no cus_NffrFeUfNV2Hib", "no cus_9s6XKzkNRiz8i3"),
    "token": ("bad eyJhbGciOiJIUzI1.eyJzdWIi.Sfl-xw", "bad eyJ0eXAiOiJKV1Q.eyJpc3MiLm.aa_B"),
    "base64": (
        "bad key dGhpcyBpcyBhIHNlY3JldCB2YWx1ZSwgcmVhbGx5",
        "bad key UXVpdGUgYW5vdGhlciBrZXkgYnV0IGFzIGxvbmc/",
    ),
    "duration": ("timed out after 1m30.5s", "timed out after 300ms", "timed out after 2s"),
    "number and its form": ("lacks 1,250.50 EUR", "lacks 7 EUR", "lacks 1e-05 EUR"),
    "list of any length": ("no rows for (1, 2, 3)", "no rows for (7)"),
    "date with names": (
        "expired Tue, 02 Jan 2024 15:04:05 GMT",
        "expired Wed, 31 Oct 2023 01:02:03 GMT",
    ),
    "date of a log": ("2024-01-02 10:11:12,345 lost", "2023-12-31 23:59:59,001 lost"),
    "IPv6": ("dial [2001:db8::ff00:42:8329]:443 failed", "dial [::1]:8443 failed"),
    "key of a row": (
        "Key (email)=(ann@example.com) already exists.",
        "Key (email)=(Ann Lee) already exists.",
    ),
    "unreadable number": (
        "invalid literal for int() with base 10: 'twelve'",
        "invalid literal for int() with base 10: 'ten'",
    ),
    "unreadable JSON": (
        "Unexpected token 'h', \"hello wor\"... is not valid JSON",
        "Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",
    ),
    "file with an id": ("no /tmp/upload/abc123.png", "no /tmp/upload/f00d99.png"),
    "user in a URL": ("http://ann:pw@db/orders is down", "http://bob:x@db/orders is down"),
    "third line": ("a\n\nb\nthird", "a\nb\nother"),
    "spaces": ("a  b", " a\tb\r\n"),
}  # fmt: skip

# Failures of different kinds.
DIFFERENT = {
    "missing setting or key": ("'DATABASE_URL'", "'city'"),
    "service": (
        "No instances available for ts-seat-service",
        "No instances available for ts-order-service",
    ),
    "service with a number": (
        "No instances for ts-travel-service",
        "No instances for ts-travel2-service",
    ),
    "field": ("1 validation error for Order\ncity", "1 validation error for Order\nuser"),
    "column": ("Key (email)=(x) already exists.", "Key (name)=(x) already exists."),
    "host": ("http://cart/api is down", "http://orders/api is down"),
    "path": ("no /api/cart", "no /api/checkout"),
    "path after an id": ("no /api/users/17/orders", "no /api/users/17/cards"),
    "parameter": ("bad /api/data?page=1", "bad /api/data?size=1"),
    "file": ("no '/etc/shop/tls.pem'", "no '/etc/shop/config.yaml'"),
    "status": ("Request failed with status code 404", "Request failed with status code 503"),
    "status in JSON": ('{"statusCode": 401}', '{"statusCode": 500}'),
    "status of HTTP": ("HTTP/1.1 429", "HTTP/1.1 503"),
    "errno": ("[Errno 111] failed", "[Errno 104] failed"),
    "SQLSTATE": ("SQLSTATE[42P01]: failed", "SQLSTATE[23505]: failed"),
    "error number": ("ERROR 1045 (28000)", "ERROR 1213 (40001)"),
    "exit code": ("exit code 137", "exit code 1"),
    "class": ("OAuth2AuthenticationException", "OAuth2AuthorizationException"),
    "long name": (
        "AbstractAutowireCapableBeanFactoryInitializationException",
        "AbstractAutowireCapableBeanFactoryDefinitionException",
    ),
    "property": ("Cannot read properties of undefined (reading 'map')",
                 "Cannot read properties of undefined (reading 'id')"),
    "C++ scope": ("Cafe::Bean failed", "Cafe::Face failed"),
}  # fmt: skip

EXACT = [
    ("", ""),
    (" \n\t\n", ""),
    ("14 UNAVAILABLE: failed", "<*> UNAVAILABLE: failed"),
    ("took 1.5s of 300ms", "took <*> of <*>"),
    ("dial tcp 127.0.0.11:53: refused", "dial tcp <*>: refused"),
    ("http://u:p@h:80/v1/users/8812/cards?a=1&b", "http://h:<*>/v1/users/<*>/cards?a=<*>&b"),
    ("first\n\n  second \nthird", "first\nsecond"),
    ("Max 3, utf8 and utf16 of s3", "Max <*>, utf8 and utf16 of s3"),
    ('parsing "abc": invalid syntax', "parsing '<*>': invalid syntax"),
    ("May 5 10:00:00 we may, Maybe 6", "<*> we may, Maybe <*>"),
]

# Pieces on which a rule begins, ends or looks back; plain random text seldom holds two of them.
PIECES = (
    "1", "0", "12", "345", "a", "A", "f", "eE", "0x", "e", "-", "+", ".", ",", ":", "::", "/",
    "//", "://", "http", "https", "@", "?", "=", "&", "#", "%", "(", ")", "=(", ")=(", "[", "]",
    "<", ">", "<*>", "<*", "*>", "'", '"', "_", "T", "Z", "status", "code", "error ", "errno",
    "HTTP/", "Jan", "Mon, ", "May ", " UTC", "eyJ", "abcdef12", "deadbeef", "2024-01-02",
    "10:11:12", "10.0.0.1", "aB3", "aB3dE4fG5hI6", "ABCDEFGH", "é", "٣", "ſ", "\\", "|", ";", "{",
    "}", "`", "550e8400-e29b-41d4-a716-446655440000", " ", "\n", "\t", "\x00", "\x1c", "\u2028",
    "\ud800", "with base ", "parsing ", "for type int: ", ", ", " is not valid JSON", "...",
)  # fmt: skip
TEXTS = st.text() | st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@pytest.mark.parametrize("messages", SAME.values(), ids=SAME.keys())
def test_values_do_not_count(messages: tuple[str, ...]) -> None:
    """Occurrences of one failure have one message, whatever ids, times and addresses they carry."""
    assert len({parameterize(message) for message in messages}) == 1


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_names_count(one: str, other: str) -> None:
    """Another key, field, host, path, status or class is another message."""
    assert parameterize(one) != parameterize(other)


@pytest.mark.parametrize(("message", "expected"), EXACT)
def test_what_is_left(message: str, expected: str) -> None:
    """Each value leaves `<*>`, values in a row leave one; words, lines and signs stay."""
    assert parameterize(message) == expected


@settings(deadline=None)
@given(TEXTS)
@example("0x::aB3")
@example("with base 2024-01-02 ':~'")
@example("/abcdef12?//status%#/A")
@example('parsing "http": 404')
def test_twice_is_once(text: str) -> None:
    """What is parameterised has no values left: doing it again changes nothing."""
    once = parameterize(text)
    assert parameterize(once) == once


@settings(deadline=None)
@given(TEXTS)
def test_bounds(text: str) -> None:
    """Any text gives at most two lines without spaces around them, and never an error."""
    lines = parameterize(text).splitlines()
    assert len(lines) <= 2
    assert all(line and line == line.strip() for line in lines)


@pytest.mark.parametrize(
    "piece", ["a", "a.", "a1.", "-", "/a", "@", "a@b.", "x ", "for type ", "1 ", "::", '"']
)
def test_long_text(piece: str) -> None:
    """Of a megabyte only the first 4,096 characters are read, and no more than 1,000 returned."""
    text = piece * (1_000_000 // len(piece))
    assert parameterize(text) == parameterize(text[:TEXT_LENGTH_MAX] + "another end")
    assert len(parameterize(text)) <= MESSAGE_LENGTH_MAX


def test_long_message() -> None:
    """A long message is cut at a space, so that a cut word does not turn into another."""
    assert parameterize("word " * 500) == ("word " * 200)[:-1]
