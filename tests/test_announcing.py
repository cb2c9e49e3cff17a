"""What happens in a store is announced once, to real servers, whatever fails on the way."""

import base64
import hashlib
import hmac
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analysis.announcing.announcer import Announcer, Rhythm
from analysis.announcing.delays import Delays
from analysis.announcing.event import trial_event
from analysis.announcing.looking import LookLimits
from analysis.announcing.targets import DEPLOYMENT, VERDICT, Place, Secret, Targets, Wanted, Webhook
from analysis.announcing.webhook_call import webhook_call
from receiver.storage.announcements import DeliveryNote
from receiver.storage.marks import DeploymentMark
from receiver.storage.statements import Statement
from tests.announced_to import (
    QUICK,
    SECRET,
    Reaction,
    Server,
    Told,
    Watched,
    server,
    until,
    watched,
)
from tests.certificates import Authority
from tests.served import ROOT
from tests.simulated_service import START_NS, Scenario, fill

BROKEN = Scenario(minutes=10, per_minute=100, new=0.4)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which version 1.1 of checkout fails."""
    return fill(tmp_path_factory.mktemp("broken") / "s.duckdb", BROKEN)


@pytest.fixture
def store(broken: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copy(broken, tmp_path / "s.duckdb"))


@pytest.fixture(scope="module")
def announced(broken: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose deployment and verdict were announced, and not sent to anybody yet."""
    path = Path(shutil.copy(broken, tmp_path_factory.mktemp("announced") / "s.duckdb"))
    with watched(path, Targets((hook("http://127.0.0.1:9/", "nobody"),)), minute=70) as opened:
        opened.announcer().look()
        opened.rows("DELETE FROM store.announcement_deliveries")
    return path


@pytest.fixture
def told_store(announced: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copy(announced, tmp_path / "s.duckdb"))


@contextmanager
def sending(
    store: Path, hooks: tuple[Webhook, ...], rhythm: Rhythm = QUICK
) -> Iterator[tuple[Watched, Announcer]]:
    """Couriers at work on what was announced in the store."""
    with watched(store, Targets(hooks), minute=70) as opened:
        announcer = opened.sending(rhythm)
        try:
            yield opened, announcer
        finally:
            announcer.stop()


@pytest.fixture
def target() -> Iterator[Server]:
    """A server that is told."""
    with server() as started:
        yield started


def hook(url: str, name: str = "team", **changes: object) -> Webhook:
    """A webhook to this address."""
    wanted = Wanted(services=("checkout",))
    return replace(Webhook(name=name, place=Place(url), wanted=wanted), **changes)  # type: ignore[arg-type]  # fields by name


@contextmanager
def announcing(store: Watched, rhythm: Rhythm = QUICK) -> Iterator[Announcer]:
    """Couriers at work, and looks when the block asks for them."""
    announcer = store.announcer(rhythm)
    for courier in announcer._couriers.values():
        courier.start()
    try:
        yield announcer
    finally:
        announcer.stop()


def by_type(told: list[Told]) -> dict[str, list[dict[str, object]]]:
    """The bodies by the type of their event."""
    found: dict[str, list[dict[str, object]]] = {}
    for one in told:
        found.setdefault(one.json["type"], []).append(one.json)
    return found


def test_a_deployment_and_its_verdict(store: Path, target: Server) -> None:
    """A version that begins and fails is announced as both, once, in this order, however often one
    looks; the version before it is not."""
    with (
        watched(store, Targets((hook(target.url),)), minute=70) as opened,
        announcing(opened) as announcer,
    ):
        for _ in range(2):
            announcer.look()
        told = target.wait_for(2)
        until(lambda: opened.states() == ["sent", "sent"])
        assert [one.json["type"] for one in told] == [DEPLOYMENT, VERDICT]
        assert opened.counted("announcements_total") == 2
        assert opened.counted("announcement_deliveries_total", result="sent") == 2
    began, verdict = (one.json for one in told)
    assert began["deployment"]["version"] == verdict["deployment"]["version"] == "1.1"
    assert began["began_at"].startswith("2026-01-02T11:00:00")
    assert (began["verdict"], began["gate"], began["reasons"]) == (None, None, [])
    assert (verdict["verdict"], verdict["previous_verdict"]) == ("roll_back", None)
    assert verdict["gate"] == "fail"
    assert verdict["failure_rate"]["e_value"] > 100
    assert verdict["reasons"]
    assert began["deployment_key"] == verdict["deployment_key"]
    assert len(target.told) == 2


def test_nothing_twice_after_a_restart(told_store: Path, target: Server) -> None:
    """A receiver that starts again sends what waits, and announces nothing a second time."""
    with sending(told_store, (hook(target.url),)) as (opened, announcer):
        announcer.look()
        until(lambda: opened.states() == ["sent", "sent"])
        assert opened.counted("announcements_total") == 0
    with sending(told_store, (hook(target.url),)) as (opened, _announcer):
        assert opened.states() == ["sent", "sent"]
    assert len(target.told) == 2


def failing_notes(store: Watched, failures: list[OSError]) -> Announcer:
    """Couriers that could not note what they sent while there are failures left."""
    written = store.writer.tell

    def tell(statement: Statement) -> None:
        if isinstance(statement, DeliveryNote) and failures:
            raise failures[0] if len(failures) > 5 else failures.pop()
        written(statement)

    store.writer.tell = tell  # type: ignore[method-assign]  # as when the disk is full
    return store.sending()


def test_killed_between_answer_and_note(told_store: Path, target: Server) -> None:
    """What was sent and not noted is sent again with the same id, so that a receiver can tell; and
    only by another process."""
    targets = Targets((hook(target.url),))
    with watched(told_store, targets, minute=70) as opened:
        announcer = failing_notes(opened, [OSError("the disk is full")] * 6)
        target.wait_for(2)
        time.sleep(0.2)
        announcer.stop()
        assert len(target.told) == 2
        assert opened.states() == ["waiting", "waiting"]
    with sending(told_store, (hook(target.url),)) as (opened, _announcer):
        until(lambda: opened.states() == ["sent", "sent"])
    assert target.ids()[:2] == target.ids()[2:]


def test_a_note_that_failed_is_written_later(told_store: Path, target: Server) -> None:
    """A store that does not take a note for a moment gets it as soon as it does."""
    with watched(told_store, Targets((hook(target.url),)), minute=70) as opened:
        announcer = failing_notes(opened, [OSError(), OSError()])
        until(lambda: len(target.told) == 2)
        opened.now_s += 10
        poke(announcer)
        until(lambda: opened.states() == ["sent", "sent"])
        announcer.stop()
    assert len(target.told) == 2


def test_a_changed_verdict_names_the_one_before(told_store: Path, target: Server) -> None:
    """A verdict that changed and holds for two looks is announced with the one before it."""
    with sending(told_store, (hook(target.url),)) as (opened, announcer):
        opened.rows(
            "UPDATE store.spans SET outcome = 'ok', status_code = 'UNSET', http_status_code = 200"
            " WHERE outcome = 'server_error' AND start_time_unix_nano"
            f" >= {START_NS + 3600 * 10**9}"
        )
        opened.rows("DELETE FROM store.exceptions")
        announcer.look()
        assert opened.counted("announcements_total") == 0
        announcer.look()
        last = target.wait_for(3)[-1].json
    assert last["previous_verdict"] == "roll_back"
    assert last["verdict"] != "roll_back"


def test_marked_before_it_sends(store: Path, target: Server) -> None:
    """A deployment that was announced by its mark is not announced again by its first traffic, and
    all its events have one key."""
    mark = DeploymentMark(
        service_name="checkout",
        service_version="1.1",
        strategy="canary",
        marked_at_unix_nano=START_NS + 59 * 60 * 10**9,
    )
    new = f"WHERE start_time_unix_nano >= {START_NS + 60 * 60 * 10**9}"
    with watched(store, Targets((hook(target.url),)), minute=62) as opened:
        opened.rows(f"CREATE TABLE store.later AS FROM store.spans {new}")
        opened.rows(f"DELETE FROM store.spans {new}")
        opened.rows("DELETE FROM store.exceptions")
        opened.writer.tell(mark)
        with announcing(opened) as announcer:
            announcer.look()
            [first] = target.wait_for(1)
            began = first.json
            opened.rows("INSERT INTO store.spans FROM store.later")
            opened.rows("DROP TABLE store.later")
            opened.now_s += 15 * 60
            announcer.look()
            announcer.look()
            told = [one.json for one in target.wait_for(2)]
    assert began["mark"]["strategy"] == "canary"
    assert began["deployment"]["environment"] is None
    assert began["began_at"] == "2026-01-02T10:59:00Z"
    assert by_type(target.told).keys() == {DEPLOYMENT, VERDICT}
    assert len(told) == 2
    assert told[1]["deployment"]["environment"] == "prod"
    assert {one["deployment_key"] for one in told} == {began["deployment_key"]}


def test_a_service_that_is_seen_first(tmp_path: Path, target: Server) -> None:
    """The first version that a service is seen with was not deployed just then, for all we know."""
    path = fill(tmp_path / "s.duckdb", Scenario(minutes=2, per_minute=60, share=0.0))
    everything = hook(target.url, wanted=Wanted())
    with watched(path, Targets((everything,)), minute=30) as opened, announcing(opened) as one:
        one.look()
        assert opened.counted("announcements_total") == 0


def test_signed_so_that_others_can_verify(told_store: Path, target: Server, tmp_path: Path) -> None:
    """The signature is the one of Standard Webhooks: HMAC-SHA256 of id, time and body with the
    decoded secret, one for each key while keys are changed."""
    other = base64.b64encode(b"k" * 32).decode()
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n{other}\n")
    signing = hook(target.url, secret=Secret(file=file))
    with sending(told_store, (signing,)) as (_opened, _announcer):
        told = target.wait_for(2)
    for one in told:
        moment = one.headers["webhook-timestamp"]
        assert abs(int(moment) - time.time()) < 60
        assert one.json["id"] == one.headers["webhook-id"]
        signed = f"{one.headers['webhook-id']}.{moment}.".encode() + one.body
        keys = [base64.b64decode(SECRET.removeprefix("whsec_")), b"k" * 32]
        wanted = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)) for key in keys]
        found = one.headers["webhook-signature"].split(" ")
        assert found == [f"v1,{digest.decode()}" for digest in wanted]
        genuine = documented()
        assert genuine(SECRET, one.headers, one.body)
        assert not genuine(SECRET, one.headers, one.body + b" ")
        assert not genuine(SECRET, {**one.headers, "webhook-timestamp": "1"}, one.body)


def documented() -> Callable[[str, Mapping[str, str], bytes], bool]:
    """The verifier that docs/webhooks.md shows."""
    text = (ROOT / "docs/webhooks.md").read_text(encoding="utf-8")
    [code] = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    there: dict[str, object] = {}
    exec(code, there)  # our own document
    found = there["is_genuine"]
    assert callable(found)
    return found


def test_every_field_is_documented() -> None:
    """docs/webhooks.md has each field of the body, in its order."""
    text = (ROOT / "docs/webhooks.md").read_text(encoding="utf-8").partition("## Body")[2]
    fields = re.findall(r"^\| `(\w+)` \|", text.partition("## Settings")[0], re.MULTILINE)
    assert fields == list(trial_event(datetime.now(UTC), "").document())


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_tried_again(told_store: Path, target: Server, status: int) -> None:
    """An answer that may be better next time leads to another attempt, with the same id."""
    target.reactions = [Reaction(status), Reaction(status)]
    with sending(told_store, (hook(target.url),)) as (opened, announcer):
        opened_at = opened.now_s
        while len(target.told) < 4:
            opened.now_s += 0.2
            poke(announcer)
            assert opened.now_s < opened_at + 300
        until(lambda: opened.states() == ["sent", "sent"])
        assert opened.counted("announcement_failed_attempts_total") == 2
    first, verdict = target.ids()[0], target.ids()[-1]
    assert target.ids() == [first, first, first, verdict]


def poke(announcer: Announcer) -> None:
    """Lets the couriers see that their clock went on."""
    for courier in announcer._couriers.values():
        with courier._changed:
            courier._changed.notify_all()
    time.sleep(0.02)


@pytest.mark.parametrize(
    "reaction",
    [Reaction(400), Reaction(404), Reaction(410), Reaction(302, {"Location": "/other"})],
    ids=lambda one: str(one.status),
)
def test_refused_is_refused(told_store: Path, target: Server, reaction: Reaction) -> None:
    """An answer that will not change is not asked for again, and a redirect is not followed."""
    target.usual = lambda _told: reaction
    with sending(told_store, (hook(target.url),)) as (opened, _announcer):
        until(lambda: opened.states() == ["refused", "refused"])
        assert opened.counted("announcement_deliveries_total", result="refused") == 2
    assert len(target.told) == 2
    assert {one.path for one in target.told} == {"/hook"}


def test_retry_after(told_store: Path, target: Server) -> None:
    """A target that says when to come back is left alone until then."""
    target.reactions = [Reaction(429, {"Retry-After": "120"})]
    with sending(told_store, (hook(target.url),)) as (opened, announcer):
        target.wait_for(1)
        until(lambda: opened.counted("announcement_failed_attempts_total") == 1)
        opened.now_s += 119
        poke(announcer)
        time.sleep(0.1)
        assert len(target.told) == 1
        opened.now_s += 2
        poke(announcer)
        target.wait_for(3)


def test_a_dead_target_holds_up_nobody(told_store: Path, target: Server) -> None:
    """A target that hangs or cuts the connection delays no other target; when its time is over its
    events are given up, which the metrics tell."""
    with server() as hanging, server() as cutting:
        hanging.usual = lambda _told: Reaction(delay_s=30.0)
        cutting.usual = lambda _told: Reaction(cut=True)
        nobody = "http://127.0.0.1:9/"
        urls = {"hangs": hanging.url, "cuts": cutting.url, "gone": nobody, "well": target.url}
        hooks = tuple(hook(url, name) for name, url in urls.items())
        rhythm = Rhythm(timeout_s=1.0, delays=Delays(0.02, 0.1, give_up_s=3600.0))
        with sending(told_store, hooks, rhythm) as (opened, one):
            target.wait_for(2)
            until(lambda: opened.counted("announcement_failed_attempts_total") >= 3, 20.0)
            assert opened.counted("announcements_waiting") >= 6
            opened.now_s += 3600.0
            poke(one)
            until(lambda: opened.states() == ["given_up"] * 6 + ["sent"] * 2)
            assert opened.counted("announcement_deliveries_total", result="given_up") == 6
            assert opened.counted("announcements_waiting") == 0


def test_certificates_are_verified(told_store: Path, tmp_path: Path) -> None:
    """Over TLS a target must show a certificate of an authority that is known, or named."""
    authority = Authority(tmp_path, "private")
    with server(authority.issue("hook")) as secure:
        hooks = (
            hook(secure.url, "trusting", ca_file=authority.ca),
            hook(secure.url, "doubting"),
        )
        with sending(told_store, hooks) as (opened, _announcer):
            secure.wait_for(2)
            doubting = {"target": "doubting"}
            until(lambda: opened.counted("announcement_failed_attempts_total", **doubting) >= 1)
    assert len(secure.told) == 2


def test_a_large_answer_is_not_read(told_store: Path, target: Server) -> None:
    """Of an answer without end only its beginning is read."""
    target.usual = lambda _told: Reaction(body=b"x" * 5_000_000)
    with sending(told_store, (hook(target.url),)) as (opened, _announcer):
        until(lambda: opened.states() == ["sent", "sent"])


def test_a_target_that_is_gone(told_store: Path, target: Server) -> None:
    """What waits for a target that is not configured any more is given up."""
    with sending(told_store, (hook("http://127.0.0.1:9/", "old"),)) as (opened, _announcer):
        assert opened.states() == ["waiting", "waiting"]
    with sending(told_store, (hook(target.url, "new"),)) as (opened, _announcer):
        until(lambda: opened.states() == ["given_up"] * 2 + ["sent"] * 2)


def test_old_announcements_are_forgotten(told_store: Path) -> None:
    """After their time events leave the store, but for those that wait."""
    with watched(told_store, Targets((hook("http://127.0.0.1:9/"),)), minute=70) as opened:
        opened.hand_out()
        announcer = opened.announcer(replace(QUICK, remembered_s=7 * 3600.0))
        opened.rows(
            "UPDATE store.announcement_deliveries SET state = 'sent' WHERE event_id ="
            f" (SELECT event_id FROM store.announcements WHERE event_type = '{DEPLOYMENT}')"
        )
        opened.now_s += 8 * 3600
        announcer.look()
        kept = opened.rows("SELECT event_type FROM store.announcements")
        assert kept == [(VERDICT,)]
        assert opened.states() == ["waiting"]


def test_a_round_is_bounded(told_store: Path) -> None:
    """A round looks at the newest deployments, so many at most, and ends when its time is over."""
    with watched(told_store, Targets(), minute=70) as opened:
        now = datetime.fromtimestamp(opened.now_s, UTC)
        newest = opened.announcer(limits=LookLimits(deployments_max=1))._looking.round(now)
        assert [seen.identity.version for seen in newest] == ["1.1"]
        none = opened.announcer(limits=LookLimits(budget_s=0.0))._looking.round(now)
        assert list(none) == []


def test_each_target_hears_what_it_wants() -> None:
    """Events, services and environments are chosen by each target."""
    wanted = {
        "verdicts": Wanted(events=(VERDICT,), services=("check*",)),
        "staging": Wanted(environments=("staging",)),
        "prod": Wanted(events=(DEPLOYMENT,), services=("shop", "checkout"), environments=("prod",)),
    }
    targets = Targets(tuple(hook("http://127.0.0.1:9/", n, wanted=w) for n, w in wanted.items()))
    assert targets.that_want(DEPLOYMENT, "checkout", "prod") == ("prod",)
    assert targets.that_want(VERDICT, "checkout", "staging") == ("verdicts", "staging")
    assert targets.that_want(VERDICT, "checkout", None) == ("verdicts",)
    assert targets.that_want(DEPLOYMENT, "Checkout", "prod") == ()


def test_text_of_spans_is_data() -> None:
    """Whatever a service is called, the body is JSON in which that is one text."""
    name = 'check"out\\\n<!channel> \u202e*x*'
    told = trial_event(datetime.now(UTC), "")
    event = replace(told, deployment=replace(told.deployment, service=name))
    body = webhook_call(hook("http://127.0.0.1:9/"), event.document(), 0).body
    assert json.loads(body)["deployment"]["service"] == name
