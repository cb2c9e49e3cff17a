"""`--repo` of `check` and `report`, and `[repository]` of `deploylens.toml`, on a real store."""

import json
from pathlib import Path

import pytest

from analysis.check.check_reading import check_from_json
from analysis.commands.repo_option import suspected
from analysis.database import mark_deployment
from analysis.exit_code import ExitCode
from analysis.repository_settings import PathMapping, RepositorySettings, repository_from
from analysis.settings import ConfigurationError, Settings
from receiver.storage.marks import DeploymentMark
from tests.command_line import deploylens
from tests.shop import fill_shop
from tests.source_repository import SourceRepository

PAY = "def charge(order):\n    amount = order['total']\n    return amount\n"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SourceRepository:
    """The source of the shop, in which the last commit broke the line that fails."""
    made = SourceRepository.create(tmp_path_factory.mktemp("source") / "repo")
    lines = ["# line\n"] * 60
    owners = "* @acme/shop\n/services/shop/*.py @acme/pay\n"
    made.commit("Begin", {"services/shop/pay.py": "".join(lines), "CODEOWNERS": owners})
    made.git("tag", "v1.3.9")
    guilty = "".join(f"charge = {number}\n" for number in range(60))
    made.commit("Charge in cents", {"services/shop/pay.py": guilty, "config/pay.yaml": "cents: 1"})
    made.git("tag", "v1.4.0")
    return made


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with the orders of the shop."""
    return fill_shop(tmp_path / "shop.duckdb")


def test_check_names_suspects_and_owners(store: Path, source: SourceRepository) -> None:
    """With the commits told by `mark`, a check names the commit that wrote the failing line."""
    mark_deployment(
        store,
        DeploymentMark(
            service_name="checkout",
            service_version="1.4.0",
            vcs_revision=source.head,
            previous_vcs_revision=source.git("rev-parse", "v1.3.9"),
        ),
    )
    ended = deploylens("check", "checkout@1.4.0", "--repo", source.folder, store=store)
    assert ended.code == ExitCode.GATE_FAIL
    assert f"- {source.head[:10]}: Charge in cents (score 1, services/shop/pay.py" in ended.out
    assert "Ada" not in ended.out
    assert "Owners: @acme/pay, @acme/shop" in ended.out
    document = deploylens(
        "check", "checkout@1.4.0", "--repo", source.folder, "--format", "json", store=store
    )
    found = json.loads(document.out)
    assert found["suspects"] == [
        {
            "commit": source.head[:10],
            "author": "Ada",
            "summary": "Charge in cents",
            "files": ["services/shop/pay.py", "config/pay.yaml"],
            "score": 1.0,
        }
    ]


def test_tags_stand_in_for_commits(store: Path, source: SourceRepository) -> None:
    """Where no commit was sent, tags named like the versions are taken, and that is said."""
    ended = deploylens(
        "check", "checkout@1.4.0", "--repo", source.folder, "--format", "json", store=store
    )
    found = json.loads(ended.out)
    assert [one["summary"] for one in found["suspects"]] == ["Charge in cents"]
    said = [one for one in found["caveats"] if "commit was not sent" in one]
    assert [one.split("; ")[1] for one in said] == [
        "the tag v1.4.0 was taken.",
        "the tag v1.3.9 was taken.",
    ]


def test_a_verdict_is_never_lost(store: Path, tmp_path: Path) -> None:
    """Where the checkout cannot tell, the verdict stands, and a caveat says what is missing."""
    empty = SourceRepository.create(tmp_path / "empty")
    empty.commit("Other things", {"other.py": PAY})
    ended = deploylens("check", "checkout@1.4.0", "--repo", empty.folder, store=store)
    assert ended.code == ExitCode.GATE_FAIL
    text = " ".join(ended.out.split())
    assert "The candidate's commit is not known" in text
    assert "deploylens mark SERVICE VERSION --commit" in text


def test_a_store_that_is_gone_takes_no_verdict(
    store: Path, source: SourceRepository, tmp_path: Path
) -> None:
    """The verdict stands when the store can no more be asked for stack traces; a caveat says so."""
    ended = deploylens("check", "checkout@1.4.0", "--format", "json", store=store)
    check = check_from_json(ended.out)
    gone = Settings({"store": str(tmp_path / "gone.duckdb")})
    found = suspected(check, gone, source.folder)
    assert (found.verdict, found.suspects) == (check.verdict, ())
    assert "Suspects could not be looked up: " in found.caveats[-1]


def test_a_folder_that_is_none_is_refused(store: Path, tmp_path: Path) -> None:
    """A path without a repository is refused before the store is asked."""
    for folder in (tmp_path / "nowhere", tmp_path):
        ended = deploylens("check", "checkout@1.4.0", "--repo", folder, store=store)
        assert ended.code == ExitCode.USAGE
        assert ended.out == ""


def test_report_holds_the_suspicion(store: Path, source: SourceRepository, tmp_path: Path) -> None:
    """A report as JSON has what the checkout says; the file names the checkout once for all."""
    (tmp_path / "deploylens.toml").write_text(f'[repository]\npath = "{source.folder}"\n')
    ended = deploylens("report", "checkout@1.4.0", "--format", "json", store=store, here=tmp_path)
    assert ended.code == ExitCode.DONE, ended.err
    found = json.loads(ended.out)
    assert [one["summary"] for one in found["check"]["suspects"]] == ["Charge in cents"]
    changed = [(one["path"], one["kind"]) for one in found["suspicion"]["changed"]]
    assert changed == [("services/shop/pay.py", "code-in-stack"), ("config/pay.yaml", "config")]


def test_settings() -> None:
    """Mappings belong to the services that their glob fits, in the order of the file."""
    found = repository_from(
        {
            "path": "src",
            "codeowners": "gitlab",
            "mappings": [
                {"service": "check*", "from": "/app/", "to": "services/checkout/"},
                {"from": "/srv/", "to": ""},
            ],
        }
    )
    everyone = PathMapping("/srv/", "")
    own = PathMapping("/app/", "services/checkout/", "check*")
    assert found == RepositorySettings("src", "gitlab", (own, everyone))
    assert found.mappings_of("checkout") == (own, everyone)
    assert found.mappings_of("payment") == (everyone,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[repository]\npaht = "x"\n', "unknown key 'paht'. Did you mean 'path'"),
        ("[repository]\npath = 1\n", "path is 1, which is not a text"),
        ('repository = "x"\n', "write [repository]"),
        ('[repository]\ncodeowners = "githup"\n', "Did you mean 'github'"),
        ("[repository]\nmappings = 1\n", "[[repository.mappings]] before each"),
        ('[[repository.mappings]]\nfrom = "/app/"\n', "needs `from`"),
        ('[[repository.mappings]]\nform = "/app/"\n', "Did you mean 'from'"),
    ],
)
def test_settings_that_cannot_be_used(tmp_path: Path, text: str, said: str) -> None:
    """What cannot be used is refused with what is meant."""
    (tmp_path / "deploylens.toml").write_text(text)
    with pytest.raises(ConfigurationError) as error:
        Settings({}, {}, tmp_path)
    assert said in str(error.value)
