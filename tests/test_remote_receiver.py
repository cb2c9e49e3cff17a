"""`--receiver URL`: a pipeline on another machine, against real receivers and what is none."""

import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from analysis.database import open_database
from analysis.exit_code import ExitCode
from analysis.receiver_url import receiver_url
from analysis.serving import running
from analysis.settings import ConfigurationError, Settings
from receiver.settings import Address, ReceiverSettings
from tests.certificates import Authority, tls_files
from tests.command_line import Ended, deploylens
from tests.gated import ANY_PORT, fill_marked_shop, gates
from tests.served import free_ports

KEY = "a-key-of-the-test-0123456789"
UNDECIDED = "checkout@2.0"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the orders of the shop, and a version that was only marked; for copies."""
    return fill_marked_shop(tmp_path_factory.mktemp("filled") / "shop.duckdb")


@pytest.fixture(scope="module")
def shop(filled: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copy(filled, filled.with_name("held.duckdb")))


@pytest.fixture(scope="module")
def url(shop: Path) -> Iterator[str]:
    """The URL of a receiver that holds the store."""
    with gates(shop) as serving:
        yield f"http://{serving.gate}"


def check(url: str, *arguments: str, key: str = "", name: str = "checkout@1.4.0") -> Ended:
    """A check of a version that fails, asked of a receiver."""
    environ = {"DEPLOYLENS_RECEIVER": url, "DEPLOYLENS_API_KEY": key}
    return deploylens("check", name, *arguments, environ=environ)


@contextmanager
def answering(status: int, body: bytes, kind: str = "application/json") -> Iterator[str]:
    """A server that is no receiver: the same answer to every question."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  # the name is the server's

        def log_message(self, *_given: object) -> None:
            """Nothing is logged."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.mark.parametrize("form", ["json", "table", "markdown", "junit", "codequality", "dotenv"])
def test_it_says_what_the_host_says(url: str, shop: Path, form: str) -> None:
    """A check asked from elsewhere comes out in every format as on the host of the store, with the
    same exit code."""
    elsewhere = check(url, "--format", form)
    here = deploylens("check", "checkout@1.4.0", "--format", form, store=shop)
    assert elsewhere.code == here.code == ExitCode.GATE_FAIL
    if form == "json":
        assert _without_time(elsewhere.out) == _without_time(here.out)
    elif form != "junit":
        assert elsewhere.out == here.out


def _without_time(text: str) -> dict[str, object]:
    return {name: value for name, value in json.loads(text).items() if name != "generated_at"}


def test_it_can_be_narrowed(url: str) -> None:
    """What narrows a check goes along; a flag sets the receiver too."""
    said = ("--at", "2026-11-21T10:31:00Z", "--environment", "prod", "--baseline", "1.3.9")
    ended = deploylens("check", "checkout@1.4.0", *said, "--format", "json", "--receiver", url)
    assert json.loads(ended.out)["deployment"]["requests"] == 2
    windowed = check(url, "--window", "3m", "--format", "json")
    assert json.loads(windowed.out)["deployment"]["requests"] == 6


@pytest.mark.parametrize(
    ("name", "arguments", "code", "said"),
    [
        ("chekout@1.4.0", (), ExitCode.FAILED, "Did you mean"),
        ("checkout", (), ExitCode.USAGE, "checkout"),
        (UNDECIDED, (), ExitCode.GATE_UNDECIDED, ""),
        (UNDECIDED, ("--on-inconclusive", "pass"), ExitCode.DONE, "Undecided"),
        (UNDECIDED, ("--on-inconclusive", "fail"), ExitCode.GATE_FAIL, "Undecided"),
        ("checkout@1.4.0", ("--factors",), ExitCode.USAGE, "Ask on its host"),
        ("checkout@1.4.0", ("--store", "s"), ExitCode.NO_STORE, "s"),
        ("checkout@1.4.0", ("--store", "s", "--receiver", "http://a"), ExitCode.USAGE, "two"),
    ],
)
def test_exit_codes_are_the_same(
    url: str, name: str, arguments: tuple[str, ...], code: ExitCode, said: str
) -> None:
    """What is unknown, undecided or makes no sense ends as it does on the host; a flag for a store
    counts more than the environment's receiver."""
    ended = check(url, *arguments, name=name)
    assert ended.code == code, ended.err
    assert said in ended.err


def test_waiting_ends_undecided(url: str) -> None:
    """`--wait` asks again until its time is over, and says meanwhile what it waits for."""
    begun = time.monotonic()
    ended = check(url, "--wait", "1s", name=UNDECIDED)
    assert 1 <= time.monotonic() - begun < 20
    assert ended.code == ExitCode.GATE_UNDECIDED
    assert "NOT ENOUGH DATA" in ended.err
    assert "Asking again for 1 s" in ended.err


def test_a_receiver_that_comes_is_waited_for(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that does not answer yet is asked again within `--wait`, and then decides."""
    monkeypatch.setattr("analysis.commands.check.INTERVAL_S", 0.2)
    settings = ReceiverSettings(
        store=Path(shutil.copy(filled, tmp_path)), grpc=ANY_PORT, http=ANY_PORT
    )
    gate = Address("127.0.0.1", free_ports(1)[0])
    asked = threading.Event()
    monkeypatch.setattr("analysis.commands.check.say", lambda _text: asked.set())

    def start() -> None:
        assert asked.wait(60)  # it was told that nobody answers yet
        with running(settings, None, gate=gate):
            assert ended.wait(60)

    ended = threading.Event()
    receiver = threading.Thread(target=start)
    receiver.start()
    try:
        code = check(f"http://{gate}", "--wait", "50s").code
    finally:
        ended.set()
        asked.set()
        receiver.join()
    assert code == ExitCode.GATE_FAIL


def test_nobody_there(tmp_path: Path) -> None:
    """Without a receiver it ends with 3, with and without waiting, and leaves no file."""
    nowhere = f"http://127.0.0.1:{free_ports(1)[0]}"
    for wait in ((), ("--wait", "1s")):
        ended = check(nowhere, *wait, "--write", f"junit={tmp_path / 'a.xml'}")
        assert (ended.code, ended.out) == (ExitCode.NO_STORE, "")
        assert nowhere in ended.err
        assert "serve --gate" in ended.err
    assert not (tmp_path / "a.xml").exists()
    marked = deploylens("mark", "shop", "1", "--receiver", nowhere)
    assert marked.code == ExitCode.NO_STORE


GOOD = b'{"gate": "pass", "verdict": "healthy", "reasons": []}'


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"", "application/json"),
        (200, b"<html>sign in</html>", "text/html"),
        (200, GOOD, "application/json"),
        (200, b'{"schema_version": 1, "gate": "fail", "verdict": "roll_back"}', "application/json"),
        (200, b"[]", "application/json"),
        (200, b'{"schema_version": NaN}', "application/json"),
        (204, b"", "application/json"),
        (302, b"", "text/html"),
        (403, b"<html>", "text/html"),
        (404, b'{"message": "no route"}', "application/json"),
        (404, b'{"error": {"code": 5}, "message": "x"}', "application/json"),
        (502, b"bad gateway", "text/html"),
        (503, b"", "text/html"),
    ],
)
def test_what_is_no_receiver_is_no_verdict(status: int, body: bytes, kind: str) -> None:
    """A proxy, a page or another program is not a receiver: 3, and nothing is printed."""
    with answering(status, body, kind) as url:
        ended = check(url)
        assert (ended.code, ended.out) == (ExitCode.NO_STORE, "")
        assert url in ended.err


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (503, "busy", ExitCode.NO_STORE),
        (503, "interrupted", ExitCode.FAILED),
        (504, "timeout", ExitCode.TIMEOUT),
        (500, "failed", ExitCode.FAILED),
        (400, "malformed", ExitCode.USAGE),
        (400, "parameter", ExitCode.USAGE),
        (418, "of_tomorrow", ExitCode.FAILED),
    ],
)
def test_errors_of_a_receiver_are_its_own(status: int, kind: str, code: ExitCode) -> None:
    """An error that a receiver tells ends as it would on its host, in its words."""
    body = json.dumps({"error": kind, "message": "the words of it\x1b[2J"}).encode()
    with answering(status, body) as url:
        ended = check(url)
    assert ended.code == code
    assert "the words of it" in ended.err
    assert "\x1b" not in ended.err


def test_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes the connection and never answers is given up on."""
    monkeypatch.setattr("analysis.remote_receiver.ANSWER_TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ended = check(f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert ended.code == ExitCode.NO_STORE


def _serve_once(listening: socket.socket, chunk: bytes, pause_s: float, sent: list[int]) -> None:
    """A server that answers 200 and then never ends."""
    connection, _ = listening.accept()
    with connection, suppress(OSError):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
        while sum(sent) < 256 * 1024**2 and len(sent) < 3_000:
            connection.sendall(chunk)
            sent.append(len(chunk))
            time.sleep(pause_s)


@pytest.mark.parametrize(
    ("chunk", "pause_s", "timeout_s", "said"),
    [
        (b" ", 0.01, 0.5, "gives no whole answer within 0.5 s"),
        (b" " * 1024**2, 0.0, 30.0, "answers with more than a check can be"),
    ],
)
def test_an_answer_without_end(
    monkeypatch: pytest.MonkeyPatch, chunk: bytes, pause_s: float, timeout_s: float, said: str
) -> None:
    """Who answers byte by byte, or more and more, holds no pipeline up and fills no memory."""
    monkeypatch.setattr("analysis.remote_receiver.ANSWER_TIMEOUT_S", timeout_s)
    sent: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_serve_once, args=(listening, chunk, pause_s, sent)).start()
        ended = check(f"http://127.0.0.1:{listening.getsockname()[1]}")
    assert ended.code == ExitCode.NO_STORE
    assert said in " ".join(ended.err.split())
    assert sum(sent) < 128 * 1024**2


def test_the_key_is_shown_and_never_printed(filled: Path, tmp_path: Path) -> None:
    """The key of the environment is shown to the receiver; a wrong one and none are told apart."""
    with gates(Path(shutil.copy(filled, tmp_path)), keys=KEY) as serving:
        url = f"http://{serving.gate}"
        assert check(url, key=KEY).code == ExitCode.GATE_FAIL
        for key, said in (("", "does not take no key"), (f"{KEY}x", "the key in DEPLOYLENS_API")):
            ended = check(url, "--wait", "30s", key=key)
            assert ended.code == ExitCode.NO_STORE
            assert said in ended.err
            assert KEY not in ended.err


def test_tls(filled: Path, tmp_path: Path) -> None:
    """The certificate is checked: against SSL_CERT_FILE too; one that nobody signed is refused."""
    ours = Authority(tmp_path, "ours")
    store = Path(shutil.copy(filled, tmp_path))
    settings = ReceiverSettings(
        store=store, grpc=ANY_PORT, http=ANY_PORT, tls=tls_files(ours.issue("receiver"))
    )
    with running(settings, None, gate=ANY_PORT) as serving:
        environ = {"DEPLOYLENS_RECEIVER": f"https://{serving.gate}"}
        command = ("check", "checkout@1.4.0")
        refused = deploylens(*command, environ=environ)
        assert refused.code == ExitCode.NO_STORE
        assert "certificate verify failed" in refused.err
        assert "SSL_CERT_FILE" in refused.err
        trusting = {**environ, "SSL_CERT_FILE": str(ours.ca)}
        assert deploylens(*command, environ=trusting).code == ExitCode.GATE_FAIL
        missing = {**environ, "SSL_CERT_FILE": str(tmp_path / "none.pem")}
        ended = deploylens(*command, environ=missing)
        assert ended.code == ExitCode.NO_STORE
        assert "SSL_CERT_FILE" in ended.err


def test_marking_and_watching(filled: Path, tmp_path: Path) -> None:
    """`mark` tells the receiver; `watch` looks there until the gate is decided."""
    store = Path(shutil.copy(filled, tmp_path))
    with gates(store) as serving:
        url = f"http://{serving.gate}"
        marked = deploylens("mark", "shop", "9", "--note", "it", "--receiver", url)
        assert (marked.code, marked.err) == (0, "Marked shop 9.\n")
        watched = deploylens("watch", "checkout@1.4.0", "--until-decided", "--receiver", url)
        assert watched.code == ExitCode.GATE_FAIL
        assert "ROLL BACK" in watched.out
    with open_database(store) as database:
        query = "SELECT note FROM store.deployment_marks WHERE service_name = 'shop'"
        assert database.sql(query).table.to_pylist() == [{"note": "it"}]


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("deploylens.example.com:4321", "", "is not a URL"),
        ("ftp://a", "", "is not a URL"),
        ("http://", "", "is not a URL"),
        ("http://a:b", "", "is not a URL"),
        ("http://a?x=1", "", "is not a URL"),
        ("http://gate:secret-of-mine@a", "", "DEPLOYLENS_API_KEY"),
        ("http://a", "a\nb", "no header"),
        ("http://a", "schlüssel", "no header"),
    ],
)
def test_what_is_no_url_is_refused(tmp_path: Path, text: str, key: str, said: str) -> None:
    """A URL is checked before anybody is asked, and no secret in it is shown."""
    environ = {"DEPLOYLENS_RECEIVER": text, "DEPLOYLENS_API_KEY": key}
    with pytest.raises(ConfigurationError) as raised:
        _ = Settings({}, environ, tmp_path).receiver
    assert said.split()[-1] in str(raised.value)
    assert "secret-of-mine" not in str(raised.value)


def test_the_url_as_it_is_written(tmp_path: Path) -> None:
    """A URL may have a path, for a proxy; the file may name it; a key is in no representation."""
    url = receiver_url(" https://a.example:1/deploylens ", KEY)
    assert (url.text, str(url)) == ("https://a.example:1/deploylens/", url.text[:-1])
    assert KEY not in repr(url)
    (tmp_path / "deploylens.toml").write_text('receiver = "http://b"\n')
    assert str(Settings({}, {}, tmp_path).receiver) == "http://b"
    assert Settings({"store": "s"}, {}, tmp_path).receiver is None
