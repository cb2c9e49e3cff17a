"""Messages lose what changes between occurrences and keep what tells failures apart."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from receiver.fingerprints.messages.kind import (
    MESSAGE_LENGTH_MAX,
    TEXT_LENGTH_MAX,
    VALUE,
    explain,
    parameterize,
)
from receiver.fingerprints.messages.lines import LINES_MAX

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
    "empty and repeated lines": ("a\n\nb 1\n b 2", "a\nb 3"),
    "stack in the message": ("a\nb\n\tat x.Y.z(Y.java:1)\nq", "a\nb\n\tat x.Y.w(Y.java:2)"),
    "customer": ("Customer 'Miller & Sons' not found", "Customer 'acme' not found"),
    "quoted or not": ("user 'Ann Lee' is not allowed", "user bob is not allowed"),
    "typographic quotes": ("product “Blue mug” is gone", "product “Tea” is gone"),
    "object": ('got {"b": 1, "a": [2, 3]}', "got {'a': [], 'b': 'x y'}"),
    "row": ("insert into t values (1, 'a')", "insert into t values (22, 'b'), (3, 'd')"),
    "code pointed at": ("no x for nil\n\n  a.x\n   ^^", "no x for nil\n\n  b.x + 1\n   ^^"),
    "pod": ("shop-7d9f8c6b5-x2x4z is gone", "shop-66b6c48dd5-kq8zv is gone"),
    "prefix of a number": ("order ORD-2024-17 is late", "order #17 is late"),
    "digits of another script": ("order 17 is late", "order ٢٣ is late"),
    "colours": ("\x1b[31mError\x1b[0m: no stock", "Error: no stock"),
    "connection of Laravel": (
        "bad (SQL: insert into `a` (`b`) values (1))",
        "bad (Connection: mysql, SQL: insert into `a` (`b`) values (2))",
        "bad (Connection: mysql, Host: db, Port: 3306, SQL: insert into `a` (`b`) values (3))",
    ),
    "unit after brackets": ("waited (12) seconds", "waited (3) minutes"),
    "unit": ("body of 12.5MiB is too large", "body of 3 GB is too large"),
    "document": ("no '/srv/in/My holiday.jpg'", "no '/srv/in/cat.jpg'"),
    "number as a file's name": ("no /a/9.csv", "no /a/12.csv", "no /a/2026-01-31.csv"),
    "number in a file's name": ("no /a/M-1.xml", "no /a/M-882.xml"),
    "number after a dash in a path": ("no /a/part-3", "no /a/part-17"),
    "file before a colon": ("open /a/4.lock: no such file", "open /a/81.lock: no such file"),
    "temporary file": ("no /tmp/tmpk3_hx1zq.csv", "no /tmp/tmpabcd_efg.csv"),
    "hash of a bundler": ("no /a/Invoice-DzW3kx9a.js", "no /a/Invoice-BqT81mZ_.js"),
    "short hexadecimal id": ("no meter 7f3a", "no meter e91c"),
    "short hexadecimal id in parts": ("no meter 7f3a-22", "no meter e91c-40", "no meter ab12-4"),
    "id of letters and digits": ("no row a-1", "no row b-22", "no row zz-12"),
    "minified name in Firefox": (
        'can\'t access property "price", e is undefined',
        'can\'t access property "price", tn is undefined',
    ),
    "minified name in Safari": (
        "undefined is not an object (evaluating 't.city')",
        "undefined is not an object (evaluating 'e.city')",
    ),
    "slot of a JVM variable": ('because "<local4>" is null', 'because "<local12>" is null'),
    "class loaders": (
        "class a.B cannot be cast to class c.D (a.B and c.D are in unnamed module of loader 'app')",
        "class a.B cannot be cast to class c.D (a.B is in module java.base of loader 'bootstrap'; "
        "c.D is in unnamed module of loader x.Y @5e2de80c)",
    ),
    "exceptions of a group": ("in a group (1 sub-exception)", "in a group (3 sub-exceptions)"),
    "curly quotes in quotes": (
        "['“zzz” is not a valid UUID.']",
        "['“8812-x” is not a valid UUID.']",
    ),
    "number that ends in a dot": ("no 763. MiB for it", "no 1.49 GiB for it"),
    "IPv6 or IPv4 with a port": ("dial tcp [fd00::1]:5432: no", "dial tcp 10.0.0.4:5432: no"),
    "truth among numbers": ("qs: 3, aw: False", "qs: 31, aw: True"),
    "class of a Python function": (
        "load() missing 1 required positional argument: 'tz'",
        "Reader.load() missing 1 required positional argument: 'tz'",
        "read.<locals>.Reader.load() missing 1 required positional argument: 'tz'",
    ),
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
    "key of an object": ('got {"a": 1}', 'got {"b": 1}'),
    "code in an object": ('got {"code": "declined"}', 'got {"code": "expired"}'),
    "announced field": ("field 'First name' is bad", "field 'Last name' is bad"),
    "constraint": ('violates "orders_email_key"', 'violates "users_name_key"'),
    "error code": ("ORA-00942: failed", "ORA-01400: failed"),
    "code of a framework": ("NG0100: failed", "NG0201: failed"),
    "reason phrase": ("404 Not Found", "502 Bad Gateway"),
    "file by its letters": ("no /a/report12.pdf", "no /a/invoice12.pdf"),
    "file by its extension": ("no /a/report12.pdf", "no /a/report12.csv"),
    "document by its extension": ("no '/a/My cat.jpg'", "no '/a/My cat.pdf'"),
    "long file without digits": ("no /a/app-overview.js", "no /a/app-checkout.js"),
    "property in Safari": ("(evaluating 't.city')", "(evaluating 't.name')"),
    "property in Firefox": ('can\'t access property "a", e is null',
                            'can\'t access property "b", e is null'),
    "object with a name": ('can\'t access property "a", cart is null',
                           'can\'t access property "a", user is null'),
    "sentence in a list of an object": ("{'city': ['Missing data for required field.']}",
                                        "{'city': ['Not a valid string.']}"),
    "sentence in a list of JSON": ('{"city":["can\'t be blank"]}', '{"city":["is too long"]}'),
    "truth alone": ("enabled: True", "enabled: False"),
    "third line": ("a\nb\nthird", "a\nb\nother"),
    "table": ("INSERT INTO a VALUES (1)", "INSERT INTO b VALUES (1)"),
    "C++ scope": ("Cafe::Bean failed", "Cafe::Face failed"),
}  # fmt: skip

EXACT = [
    ("", ""),
    (" \n\t\n", ""),
    ("14 UNAVAILABLE: failed", "<*> UNAVAILABLE: failed"),
    ("took 1.5s of 300ms", "took <*> of <*>"),
    ("dial tcp 127.0.0.11:53: refused", "dial tcp <*>: refused"),
    ("http://u:p@h:80/v1/users/8812/cards?a=1&b", "http://h:<*>/v1/users/<*>/cards?a=<*>&b"),
    ("first\n\n  second \nthird", "first\nsecond\nthird"),
    ("a\n(Background on this error at: https://sqlalche.me/e/20/e3q8)", "a"),
    ('{"b": {"x": 1}, "a": 2, "code": "no"}', '{a: <*>, b: <*>, code: "no"}'),
    ("cannot save Order(id=17, city='Rome')", "cannot save Order(city: <*>, id: <*>)"),
    ("<html><head><title>502 Bad Gateway</title></head></html>", "HTML page 502 Bad Gateway"),
    ("Max 3, utf8 and utf16 of s3", "Max <*>, utf8 and utf16 of s3"),
    ('parsing "abc": invalid syntax', "parsing <*>: invalid syntax"),
    ("bad /a/81.lock: x", "bad /a/<*>.lock: x"),
    ("no /a/report12.pdf", "no /a/report<*>.pdf"),
    ("no /a/7f3a.tar.gz", "no /a/<*>.tar.gz"),
    ("no '/a/My cat.jpg'", "no '/a/<*>.jpg'"),
    ("gone: /users/8812.", "gone: /users/<*>."),
    ("(evaluating 'this.a[e].city')", "(evaluating 'this.a[<*>].city')"),
    ('{"a": ["is too long (maximum is 12)"]}', '{a: ["is too long (maximum is <*>)"]}'),
    ("no 1 'Rome' from a", "no <*> 'Rome' from a"),
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
    '{"a": 1', "{'code': 'x'", "{a=1, b", "Order(id=", "&{", "map[", "#<Order @a=", "[{a: ", "=>",
    "user ", " is not", "customer 'Ann Lee'", "field 'city'", "“", "”", "«", "»", "「", "」", "*",
    "input_value=", ", input_type=str]", "VALUES (", " from ", "in (", "ORD-", "order ", "ORA-",
    "%zz", "%", "+49 151 2345678", "****", "shop-7d9f8c6b5-x2x4z", "at x.y(z)", "<html>", "</h1>",
    "<title>a</title>", "expected: <", "value [", "Received null", ". ", "[]", "()", "errors", "KB",
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
@example("` " * 32 + "'")
@example(("eel(881,EU) (of class net.ruhm.parc" * 16)[:513])
@example("Cannot convert " + "1234 " * 62 + "to a BigInt")
@example("0 'x' 1 from")
@example("3 rows rows")
@example("waited (12) seconds")
@example("(22,.  'eve@x.org')")
@example("(evaluating 'A_12.csv345")
def test_twice_is_once(text: str) -> None:
    """What is parameterised has no values left: doing it again changes nothing."""
    once = parameterize(text)
    assert parameterize(once) == once


def test_chained_values() -> None:
    """Where each of very many values hides the next one, the whole text is one value."""
    text = "value nil" + ":NilClass" * 40
    assert parameterize(text) == VALUE
    assert explain(text).text == VALUE


@settings(deadline=None)
@given(TEXTS)
def test_bounds(text: str) -> None:
    """Any text gives at most eight lines without spaces around them, and never an error."""
    lines = parameterize(text).splitlines()
    assert len(lines) <= LINES_MAX
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


# Where values stand in a sentence, as an application would write it.
TEMPLATES = (
    "{} was not found",
    "cannot ship {} to the depot",
    "payment {} was declined by the bank",
    "no stock for {}",
    "{}: gave up",
    "retry of {} failed, {} is left",
)
# Values of one form each; no two of them have the same text.
FORMED = (
    st.uuids().map(str)
    | st.integers(min_value=0, max_value=10**18).map(str)
    | st.floats(min_value=0, max_value=10**6, allow_nan=False).map(lambda number: f"{number:.2f}")
    | st.datetimes().map(lambda time: time.isoformat(timespec="milliseconds") + "Z")
    | st.binary(min_size=16, max_size=16).map(bytes.hex)
    | st.emails(domains=st.just("example.com")).map(lambda mail: "a" + mail[-12:])
    | st.ip_addresses(v=4).map(str)
)


@settings(deadline=None)
@given(st.sampled_from(TEMPLATES), FORMED, FORMED)
def test_a_value_anywhere(template: str, one: str, other: str) -> None:
    """Wherever a value stands, another value in its place gives the same message."""
    assert parameterize(template.format(one, one)) == parameterize(template.format(other, other))


WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=9)


@settings(deadline=None)
@given(st.sampled_from(TEMPLATES), WORDS, WORDS, st.integers(min_value=0))
def test_another_word(template: str, one: str, other: str, number: int) -> None:
    """A word that nothing announces as a value counts, wherever the values stand."""
    kinds = [parameterize(f"{word} {template.format(number, number)}") for word in (one, other)]
    assert (kinds[0] == kinds[1]) == (one == other)


@settings(deadline=None)
@given(TEXTS)
def test_explaining_changes_nothing(text: str) -> None:
    """What is explained is what is computed, and every piece that was replaced has a reason."""
    explained = explain(text)
    assert explained.text == parameterize(text)
    assert all(piece.text and piece.rule for piece in explained.replaced)


def test_what_an_explanation_says() -> None:
    """The explanation lists the pieces that do not count and why, in words."""
    explained = explain("user 'Ann Lee' lacks field 'city' at 12:30:00")
    assert explained.text == "user <*> lacks field 'city' at <*>"
    assert explained.replaced == (
        ("12:30:00", "an IPv6 or MAC address, or a time"),
        ("'Ann Lee'", "quoted, and a value by the words around it or by its form"),
    )


def test_nothing_to_explain() -> None:
    """A message without values stays as it is, and nothing is listed."""
    assert explain("no stock left").replaced == ()
    assert VALUE not in explain("no stock left").text
