"""Real HTTP servers that are told of deployments, and a store whose deployments are announced."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from analysis.announcing.announcer import Announcer, Rhythm
from analysis.announcing.delays import Delays
from analysis.announcing.looking import Looking, LookLimits
from analysis.announcing.targets import Targets
from analysis.api.room_checks import default_thresholds
from analysis.api.rooms import Rooms
from analysis.catalog import Catalog
from receiver.monitoring.announcement_metrics import AnnouncementMetrics
from receiver.monitoring.metrics import Metrics
from receiver.storage.writer import Writer
from tests.certificates import Pair
from tests.scraped import Scrape
from tests.simulated_service import START_NS

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
# Only the deployment that began last.
NEWEST = LookLimits(deployments_max=1)
# Delays that no test waits for long.
QUICK = Rhythm(period_s=0.2, timeout_s=1.0, delays=Delays(0.02, 0.1, 3600.0))


@dataclass(frozen=True, slots=True)
class Told:
    """A request that a server got."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # Any: whatever the body holds
        """The body, parsed."""
        return json.loads(self.body)


@dataclass(slots=True)
class Reaction:
    """How a server answers: with a status, after a while, or by cutting the connection."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    delay_s: float = 0.0
    cut: bool = False


class Server:
    """A server on loopback: what it was told, and how it reacts to the next requests.

    `reactions` are used up in order; then `usual` is.
    """

    def __init__(self) -> None:
        """Answers 200."""
        self.told: list[Told] = []
        self.reactions: list[Reaction] = []
        self.usual: Callable[[Told], Reaction] = lambda _told: Reaction()
        self.url = ""
        self.changed = threading.Condition()
        self.gone = threading.Event()

    def wait_for(self, count: int, seconds: float = 10.0) -> list[Told]:
        """The requests, once there are so many."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.told) >= count, seconds), self.told
            return list(self.told)

    def ids(self) -> list[str]:
        """The event id of each request."""
        return [told.headers["webhook-id"] for told in self.told]

    def react(self, told: Told) -> Reaction:
        """What is answered to a request."""
        with self.changed:
            self.told.append(told)
            self.changed.notify_all()
            return self.reactions.pop(0) if self.reactions else self.usual(told)


@contextmanager
def server(pair: Pair | None = None, port: int = 0) -> Iterator[Server]:
    """A server for the length of the block, with TLS if a certificate is given."""
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            told = Told(self.command, self.path, headers, self.rfile.read(length))
            reaction = state.react(told)
            state.gone.wait(reaction.delay_s)
            if reaction.cut:
                self.connection.close()
                return
            self.send_response(reaction.status)
            for name, value in reaction.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(reaction.body)))
            self.end_headers()
            self.wfile.write(reaction.body)

        do_GET = do_POST = do_PATCH = handle_any  # noqa: N815  # the names that the base class calls

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    listening.daemon_threads = True
    listening.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that left
    if pair is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
    scheme = "http" if pair is None else "https"
    state.url = f"{scheme}://127.0.0.1:{listening.server_address[1]}/hook"
    thread = threading.Thread(target=listening.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield state
    finally:
        state.gone.set()
        listening.shutdown()
        listening.server_close()
        thread.join()


class Watched:
    """A store that is announced, by the clock of the store's own time."""

    def __init__(self, path: Path, targets: Targets, minute: int = 80) -> None:
        """Opens the store; `minute` counts from the start of the simulated service."""
        self.writer = Writer(path, 5.0)
        self.metrics = Metrics()
        self.targets = targets
        self.now_s = START_NS / 1e9 + 60 * minute
        self.catalog, self.rooms = Catalog.load(), Rooms(self.writer)

    def announcer(self, rhythm: Rhythm = QUICK, limits: LookLimits = NEWEST) -> Announcer:
        """An announcer as the receiver has one; looks when it is told to."""
        looking = Looking(self.rooms.current, self.catalog, default_thresholds, limits)
        metrics: AnnouncementMetrics = self.metrics.announcements
        return Announcer(self.targets, self.writer, looking, metrics, rhythm, lambda: self.now_s)

    def sending(self, rhythm: Rhythm = QUICK) -> Announcer:
        """Couriers that have taken what was announced in this store before, for all targets."""
        announcer = self.announcer(rhythm)
        self.hand_out()
        for courier in announcer._couriers.values():
            courier.start()
        announcer._take_up(self.now_s)
        return announcer

    def hand_out(self) -> None:
        """Lets all that was announced wait for each target."""
        for target in self.targets.all:
            self.rows(
                "INSERT INTO store.announcement_deliveries BY NAME SELECT event_id,"
                f" '{target.name}' AS target_name, 'waiting' AS state, 0 AS attempts,"
                " 0 AS next_try_unix_nano, 0 AS noted_at_unix_nano FROM store.announcements"
                " WHERE event_id NOT IN (SELECT event_id FROM store.announcement_deliveries"
                f" WHERE target_name = '{target.name}') ORDER BY announced_at_unix_nano"
            )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:  # Any: whatever the columns hold
        """The rows of a statement on the store."""
        with self.writer.connection.cursor() as cursor:
            return cursor.execute(sql).fetchall()

    def states(self) -> list[str]:
        """The state of every delivery."""
        sql = "SELECT state FROM store.announcement_deliveries ORDER BY ALL"
        return [state for (state,) in self.rows(sql)]

    def counted(self, name: str, **labels: str) -> float:
        """A metric."""
        return Scrape(self.metrics.text().decode()).total(name, **labels)


@contextmanager
def watched(path: Path, targets: Targets, minute: int = 80) -> Iterator[Watched]:
    """The store, open for the length of the block."""
    opened = Watched(path, targets, minute)
    try:
        yield opened
    finally:
        opened.writer.close()


def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    """Waits for something to hold."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
