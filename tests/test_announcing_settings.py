"""`[[webhooks]]` and `[grafana]` in deploylens.toml: what is taken, what is refused and how."""

from pathlib import Path

import pytest

from analysis.announcing.signature import signing_keys
from analysis.announcing.targets import DEPLOYMENT, VERDICT, Grafana, TargetUnusable, Webhook
from analysis.announcing.telling import unusable
from analysis.settings import ConfigurationError, Settings
from tests.announced_to import SECRET, Reaction, server
from tests.command_line import deploylens

URL = 'url = "https://hooks.example.com/shop"\n'
HOOK = f"[[webhooks]]\n{URL}"


def settings(folder: Path, text: str) -> Settings:
    """The settings of a folder with this file."""
    (folder / "deploylens.toml").write_text(text)
    return Settings({}, {}, folder)


def test_everything_can_be_set(tmp_path: Path) -> None:
    """Every key of both tables is read; paths are taken from the folder of the file."""
    text = (
        HOOK + 'name = "shop-team"\nevents = ["verdict"]\nservices = ["shop*"]\n'
        'environments = ["prod"]\nsecret_file = "hook.secret"\ntemplate = "slack.json.j2"\n'
        'content_type = "application/json"\nheaders = {X-Team = "shop"}\n'
        'headers_env = {Authorization = "HOOK_AUTHORIZATION"}\nca_file = "ca.pem"\n'
        '[grafana]\nurl = "https://grafana.example.com"\ntoken_env = "GRAFANA_TOKEN"\n'
        'dashboard_uid = "abc"\ntags = ["shop"]\n'
    )
    hook, grafana = settings(tmp_path, text).targets.all
    assert isinstance(hook, Webhook)
    assert isinstance(grafana, Grafana)
    assert (hook.name, grafana.name) == ("shop-team", "grafana")
    assert hook.wanted.events == (VERDICT,)
    assert grafana.wanted.events == (DEPLOYMENT, VERDICT)
    assert hook.secret is not None
    assert hook.secret.file == tmp_path / "hook.secret"
    assert hook.template == tmp_path / "slack.json.j2"
    assert (grafana.dashboard_uid, grafana.tags) == ("abc", ("shop",))


def test_a_name_stays_with_its_address(tmp_path: Path) -> None:
    """A webhook without a name is called after its host, the same at every start."""
    first = settings(tmp_path, HOOK).targets.all[0].name
    again = settings(tmp_path, f"[[webhooks]]\nurl_env = 'OTHER'\n{HOOK}").targets.all
    assert first.startswith("hooks.example.com-")
    assert [one.name for one in again][1] == first


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("webhooks = 3", r"write \[\[webhooks\]\]"),
        ("[webhooks]\nurl = 'https://a.example'", r"write \[\[webhooks\]\]"),
        ("[[webhook]]\nurl = 'https://a.example'", "Did you mean 'webhooks'"),
        (f"{HOOK}evnets = ['verdict']", "Did you mean 'events'"),
        (f"{HOOK}events = ['verdicts']", "Did you mean 'verdict'"),
        (f"{HOOK}events = []", "events is not a list of texts"),
        (f"{HOOK}services = 'shop'", "services is not a list of texts"),
        (f"{HOOK}secret = '{SECRET}'", "name secret_env or secret_file"),
        (f"{HOOK}secret_env = 'A'\nsecret_file = 'b'", "not both"),
        ("[[webhooks]]\nname = 'x'", "needs one of url, url_env, url_file"),
        ("[[webhooks]]\nurl = 'ftp://a.example'", "does not begin with http"),
        ("[[webhooks]]\nurl = 'https://me:hunter2@a.example'", "holds a user name or a password"),
        ("[[webhooks]]\nurl = 'https://'", "is not a whole URL"),
        ("[[webhooks]]\nurl = 'https://a.example:port/'", "is not a URL"),
        (f"{HOOK}headers = {{authorization = 'Bearer hunter2'}}", "headers_env"),
        (f"{HOOK}headers = {{webhook-id = 'x'}}", "cannot be set"),
        (f"{HOOK}headers = {{'a b' = 'x'}}", "cannot be set"),
        (f'{HOOK}headers = {{X-Team = "a\\nb"}}', "not a table of texts"),
        (f"{HOOK}name = 'a b'", "something else than letters"),
        (f"{HOOK}content_type = 'json'", "not one as text/plain"),
        (HOOK + HOOK, "Give each of them a"),
        ("[grafana]\nurl = 'https://g.example'", "token_env or token_file"),
        ("[grafana]\nurl = 'https://g.example'\ntoken = 'glsa_hunter2'", "token_env"),
        ("".join(f"{HOOK}name = 'n{n}'\n" for n in range(21)), "at most 20"),
    ],
)
def test_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    """What cannot be used is refused: which, and what is expected. No secret is repeated."""
    with pytest.raises(ConfigurationError, match=said) as error:
        settings(tmp_path, text)
    assert "hunter2" not in str(error.value)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    ("secret", "said"),
    [("not base64!", "not base64"), ("c2hvcnQ=", "has 5 bytes"), ("", "empty")],
)
def test_a_secret_that_is_none(tmp_path: Path, secret: str, said: str) -> None:
    """A signing secret has 24 to 64 bytes in base64, and its error does not show it."""
    (tmp_path / "secret").write_text(secret)
    targets = settings(tmp_path, f"{HOOK}secret_file = 'secret'").targets
    [found] = unusable(targets)
    assert said in found.reason
    assert not secret or secret not in found.reason


def test_keys_of_a_secret() -> None:
    """`whsec_` may be left out; several keys count while they are changed."""
    bare = SECRET.removeprefix("whsec_")
    assert signing_keys(f"{SECRET}\n{bare}") == signing_keys(bare) * 2
    with pytest.raises(TargetUnusable):
        signing_keys("whsec_")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ event.", "line 1"),
        ("{{ event.nothing }}", "nothing"),
        ('{"a": 1', "makes no JSON"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{% include 'other' %}", "no loader"),
        ("{{ 'x' * 10 ** 6 }}", "more than"),
    ],
)
def test_a_template_that_is_none(tmp_path: Path, template: str, said: str) -> None:
    """A template that fails, leaves its sandbox or makes no JSON is told before it is used."""
    (tmp_path / "t.json.j2").write_text(template)
    [found] = unusable(settings(tmp_path, f"{HOOK}template = 't.json.j2'").targets)
    assert said in found.reason


def test_a_template_is_tried_for_what_it_is_to_tell(tmp_path: Path) -> None:
    """A template that can tell a verdict and not a beginning, which has none, is told of where
    beginnings are wanted: what it cannot write would hold up what comes after."""
    (tmp_path / "t.json.j2").write_text("{{ event.verdict.replace('_', ' ') }}")
    hook = f"{HOOK}template = 't.json.j2'\n"
    [found] = unusable(settings(tmp_path, hook).targets)
    assert "None" in found.reason
    assert list(unusable(settings(tmp_path, f"{hook}events = ['verdict']").targets)) == []


def test_serve_refuses_what_cannot_be_told(tmp_path: Path) -> None:
    """A receiver does not start with a target that it could never tell; nor is a store made."""
    (tmp_path / "deploylens.toml").write_text(f"{HOOK}secret_env = 'NOBODY_SET_IT'\nname = 'x'")
    ended = deploylens("serve", here=tmp_path, store=tmp_path / "s.duckdb")
    assert ended.code == 2
    assert "target x: variable NOBODY_SET_IT is empty or not set." in ended.err
    assert not (tmp_path / "s.duckdb").exists()


def test_announce_test_says_what_came_back(tmp_path: Path) -> None:
    """The command sends a signed event to each target and tells the answer, and no secret."""
    with server() as good, server() as bad:
        bad.usual = lambda _told: Reaction(404)
        text = (
            f"[[webhooks]]\nname = 'good'\nurl = '{good.url}'\nsecret_env = 'HOOK'\n"
            f"[[webhooks]]\nname = 'bad'\nurl_env = 'BAD_URL'\n"
        )
        (tmp_path / "deploylens.toml").write_text(text)
        environ = {"HOOK": SECRET, "BAD_URL": f"{bad.url}/hunter2"}
        ended = deploylens("announce-test", here=tmp_path, environ=environ)
        assert ended.code == 1
        assert "HTTP 404" in ended.out
        assert "hunter2" not in ended.out + ended.err
        [told] = good.told
        assert told.json["type"] == "test"
        assert told.headers["webhook-signature"].startswith("v1,")
        only = deploylens("announce-test", "--target", "good", here=tmp_path, environ=environ)
        assert only.code == 0
        assert len(bad.told) == 1
        assert deploylens("announce-test", "--target", "god", here=tmp_path).err.count("'good'?")


def test_announce_test_without_targets(tmp_path: Path) -> None:
    """Without targets the command says how to name some."""
    ended = deploylens("announce-test", here=tmp_path)
    assert ended.code == 2
    assert "[[webhooks]]" in ended.err
