"""Owners of failing code, from CODEOWNERS as GitHub and as GitLab read it."""

from pathlib import Path

import pytest

from analysis.repository import codeowners_github, codeowners_gitlab
from analysis.repository.codeowners import code_owners
from analysis.repository.git_command import opened
from analysis.repository.suspicion import suspicion
from analysis.repository.tracked_files import tracked_files
from tests.source_repository import SourceRepository
from tests.test_repository_suspects import frames_at

GITHUB = """\
# Everything else
*                  @acme/everyone
*.js               @js-owner   # a comment @not-an-owner
*.go               docs@example.com
/build/logs/       @doctocat
docs/*             @acme/docs
apps/              @octocat
/scripts/          @doctocat @octocat
**/logs            @octolog
/apps/github
!apps/secret.txt   @nobody
src/[a-z].py       @nobody
\\#special          @nobody
/bad/              not-an-owner
/my\\ docs/         @spacy
/direct/*/deep/*   @deep
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README", ("@acme/everyone",)),
        ("web/cart.js", ("@js-owner",)),
        ("cmd/main.go", ("docs@example.com",)),
        ("build/logs/a/b.txt", ("@octolog",)),
        ("docs/start.md", ("@acme/docs",)),
        ("docs/build/trouble.md", ("@acme/everyone",)),
        ("other/docs/start.md", ("@acme/everyone",)),
        ("web/apps/x.txt", ("@octocat",)),
        ("scripts/run.sh", ("@doctocat", "@octocat")),
        ("deep/logs/x.txt", ("@octolog",)),
        ("apps/github/x.txt", ()),
        ("apps/secret.txt", ("@octocat",)),
        ("src/a.py", ("@acme/everyone",)),
        ("#special", ("@acme/everyone",)),
        ("bad/x.txt", ("@acme/everyone",)),
        ("my docs/x.txt", ("@spacy",)),
        ("direct/a/deep/x.txt", ("@deep",)),
        ("direct/a/deep/b/x.txt", ("@acme/everyone",)),
        ("WEB/CART.JS", ("@acme/everyone",)),
    ],
)
def test_github(path: str, owners: tuple[str, ...]) -> None:
    """The last pattern that fits wins; what GitHub does not know makes a line nothing."""
    assert codeowners_github.read(GITHUB.splitlines()).owners(path) == owners


GITLAB = """\
# Everything
* @default
*.rb @ruby  # and @also
\\#file @hash
LICENSE @legal janedoe@example.com
README @group @group/with-nested/subgroup
/docs/ @all-docs
/docs/* @root-docs
/docs/**/*.md @markdown
lib/ @lib
/config/ @config
path\\ with\\ spaces/ @spacy
/exact @exact

[Documentation][2] @docs
ee/docs/
docs/
!docs/private/
docs/private/x.md @lost

^[Database] @database
model/db/
config/db/setup.md @docs

[DOCUMENTATION]
/late/ @@maintainer
[broken
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("x.txt", ("@default",)),
        (".dot", ("@default",)),
        ("a/b.rb", ("@ruby", "@also")),
        ("#file", ("@hash",)),
        ("deep/LICENSE", ("@legal", "janedoe@example.com")),
        ("README", ("@group", "@group/with-nested/subgroup")),
        ("docs/a.txt", ("@root-docs", "@docs")),
        ("docs/a/b.txt", ("@all-docs", "@docs")),
        ("docs/a/b.md", ("@markdown", "@docs")),
        ("x/docs/b.txt", ("@default", "@docs")),
        ("docs/private/x.md", ("@markdown",)),
        ("a/lib/b.txt", ("@lib",)),
        ("x/config/a.txt", ("@default",)),
        ("path with spaces/a.txt", ("@spacy",)),
        ("exact", ("@exact",)),
        ("exact/a.txt", ("@default",)),
        ("model/db/a.rb", ("@ruby", "@also", "@database")),
        ("config/db/setup.md", ("@config", "@docs")),
        ("late/a.txt", ("@default", "@@maintainer")),
    ],
)
def test_gitlab(path: str, owners: tuple[str, ...]) -> None:
    """Each section has its own last rule; default owners, exclusions and roles count."""
    assert codeowners_gitlab.read(GITLAB.splitlines()).owners(path) == owners


@pytest.mark.parametrize(
    ("files", "form", "owner"),
    [
        (
            {".github/CODEOWNERS": "* @a", "CODEOWNERS": "* @b", "docs/CODEOWNERS": "* @c"},
            None,
            "@a",
        ),
        ({"CODEOWNERS": "* @b", "docs/CODEOWNERS": "* @c"}, None, "@b"),
        ({"docs/CODEOWNERS": "* @c"}, None, "@c"),
        ({".gitlab/CODEOWNERS": "[x]\n* @d", "docs/CODEOWNERS": "* @c"}, None, "@c"),
        ({".gitlab/CODEOWNERS": "[x] @d\n*"}, None, "@d"),
        ({"CODEOWNERS": "[x] @d\n*"}, None, "@d"),
        ({".github/CODEOWNERS": "* @a", "CODEOWNERS": "* @b"}, "gitlab", "@b"),
    ],
)
def test_places(tmp_path: Path, files: dict[str, str], form: str | None, owner: str) -> None:
    """Each form has its places, of which the first counts; the repository tells which form."""
    made = SourceRepository.create(tmp_path / "shop")
    made.commit("All", files)
    git = opened(made.folder)
    found = code_owners(git, made.head, tracked_files(git, made.head), form)
    assert found.by_weight({"x.py": 1.0}) == (owner,)


def test_owners_by_weight(tmp_path: Path) -> None:
    """The owner of the frame that raised comes before that of its caller and of other files."""
    made = SourceRepository.create(tmp_path / "shop")
    text = "def place():\n    return 1\n"
    owners = "*.py @everyone\n/carts/ @carts\n/orders/ @orders\n/prices/ @prices\n"
    files = {"carts/a.py": text, "orders/b.py": text, "CODEOWNERS": owners}
    base = made.commit("Begin", files)
    made.commit("Both", {"orders/b.py": text + "x = 1\n", "prices/c.py": text})
    made.commit("Own all", {"CODEOWNERS": "* @late\n"})
    frames = frames_at(("/app/carts/a.py", 2, "place"), ("/app/orders/b.py", 2, "place"))
    found = suspicion(made.folder, (), frames, base, made.head)
    assert found.owners == ("@late",)
    found = suspicion(made.folder, (), frames, base, made.git("rev-parse", "main~1"))
    assert found.owners == ("@orders", "@carts", "@prices")


def test_large_files_are_not_read(tmp_path: Path) -> None:
    """A CODEOWNERS file of more than 3 MB counts for nobody, as on GitHub."""
    made = SourceRepository.create(tmp_path / "shop")
    made.commit("All", {"CODEOWNERS": "# padding\n" * 320_000 + "* @a\n"})
    git = opened(made.folder)
    found = code_owners(git, made.head, tracked_files(git, made.head), None)
    assert found.by_weight({"x.py": 1.0}) == ()
    assert "larger than 3 MB" in found.caveats[0]


def test_hostile_patterns_take_no_time() -> None:
    """Patterns that make a naive matcher try for ever are answered at once."""
    lines = [f"/{'**/' * 60}{'*a' * 30}b @a", f"{'*' * 5_000}x @b", "[[[[a @c"]
    path = "a/" * 60 + "a" * 60
    assert codeowners_gitlab.read(lines).owners(path) == ()
    assert codeowners_github.read(lines[1:]).owners(path) == ()
