"""Checkouts as people have them: shallow, bare, with work trees and submodules, odd, or hostile."""

import os
from pathlib import Path

import pytest

from analysis.exit_code import UsageRefused
from analysis.repository.failing_frames import FailingFrame
from analysis.repository.git_command import GitFailed, RepositoryError, opened
from analysis.repository.revisions import commit_of, commit_range, tagged
from analysis.repository.suspicion import suspicion
from receiver.fingerprints.frame import Frame
from tests.source_repository import SourceRepository
from tests.test_repository_suspects import AT_LINE_4, TOTAL, asked, frames_at, summaries

BROKEN = TOTAL.replace("line.price", "line.cost")


@pytest.fixture
def shop(tmp_path: Path) -> SourceRepository:
    """A repository of `base`, a guilty commit, and `release`."""
    made = SourceRepository.create(tmp_path / "shop")
    made.commit("Begin", {"src/shop/orders.py": TOTAL})
    made.git("tag", "base")
    made.commit("Wrong field", {"src/shop/orders.py": BROKEN})
    made.commit("Notes", {"README.md": "Shop\n"})
    made.git("tag", "--annotate", "--message", "Release", "release")
    return made


def said(repository: SourceRepository, baseline: str | None, candidate: str | None) -> str:
    """The one caveat about the revisions."""
    found = asked(repository, baseline, candidate, AT_LINE_4)
    assert found.suspects == ()
    return found.caveats[0]


def test_folders_that_are_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder, no repository, and no git are refused before anything is asked."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UsageRefused, match="is not a folder"):
        opened(tmp_path / "nowhere")
    with pytest.raises(UsageRefused, match="is not in a git repository"):
        opened(tmp_path)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageRefused, match="no program `git` on the PATH"):
        opened(tmp_path)


def test_names_of_revisions(shop: SourceRepository) -> None:
    """Full and short ids, branches, and tags with and without message name a commit."""
    git = opened(shop.folder)
    for name in (shop.head, shop.head[:8], "main", "release", "refs/tags/release"):
        assert commit_of(git, name, "candidate") == shop.head


@pytest.mark.parametrize(
    "name",
    [
        "--output=stolen",
        "-h",
        "base..main",
        "main@{1}",
        ":/Wrong",
        "main:src/shop/orders.py",
        "main^",
        "main~1",
        "HEAD",
        "$(touch stolen)",
        "main\nbase",
        "",
        "x" * 300,
    ],
)
def test_names_that_are_more_than_a_name(shop: SourceRepository, name: str) -> None:
    """A revision that came with telemetry is a name; options and expressions are refused."""
    with pytest.raises(RepositoryError, match=r"no commit id, tag or branch.*vcs\.ref\.head"):
        commit_of(opened(shop.folder), name, "candidate")
    assert not list(shop.folder.rglob("stolen"))


def test_revisions_that_were_not_sent(shop: SourceRepository) -> None:
    """Without revisions the reader learns how to send them; owners are told all the same."""
    assert "The candidate's commit is not known: send it as" in said(shop, "base", None)
    shop.commit("Own", {"CODEOWNERS": "*.py @acme/orders\n"})
    found = asked(shop, None, "main", AT_LINE_4)
    assert "--previous-commit" in found.caveats[0]
    assert found.owners == ("@acme/orders",)


def test_a_force_pushed_commit(shop: SourceRepository) -> None:
    """A commit that is not in the checkout is named, with what may have become of it."""
    assert "not in" in said(shop, "base", "f" * 40)
    assert "force-push" in said(shop, "base", "f" * 40)


def test_tags_named_like_versions(shop: SourceRepository) -> None:
    """A version finds its tag in the usual spellings."""
    git = opened(shop.folder)
    for tag in ("v1.4.0", "shop-1.5.0", "shop@1.6.0", "shop/v1.7.0"):
        shop.git("tag", tag, "base")
    versions = ("1.4.0", "1.5.0", "1.6.0", "1.7.0", "1.8.0", "..", "-x")
    found = [tagged(git, "shop", version) for version in versions]
    assert found == ["v1.4.0", "shop-1.5.0", "shop@1.6.0", "shop/v1.7.0", None, None, None]


def test_shallow_clones(shop: SourceRepository, tmp_path: Path) -> None:
    """A clone that does not reach back says how deep it is and what to run."""
    for depth in ("1", "2"):
        folder = tmp_path / f"clone-{depth}"
        shop.git("clone", "--quiet", "--depth", depth, f"file://{shop.folder}", str(folder))
        clone = SourceRepository(folder)
        text = said(clone, shop.git("rev-parse", "base"), "main")
        assert f"a shallow clone of {depth} commit" in text
        assert "git fetch --unshallow" in text
        assert "fetch-depth: 0" in text


def test_history_cut_between_both(shop: SourceRepository, tmp_path: Path) -> None:
    """A clone with both revisions but not all between them names no suspects."""
    clone = SourceRepository(tmp_path / "clone")
    shop.git("clone", "--quiet", "--depth", "1", f"file://{shop.folder}", str(clone.folder))
    base = shop.git("rev-parse", "base")
    clone.git("fetch", "--quiet", "--depth", "1", "origin", "refs/tags/base:refs/tags/base")
    text = said(clone, base, "main")
    assert "--unshallow" in text


def test_a_deep_enough_shallow_clone(shop: SourceRepository, tmp_path: Path) -> None:
    """A shallow clone that holds the whole range is good enough."""
    base = shop.head
    shop.commit("Right field", {"src/shop/orders.py": TOTAL})
    clone = SourceRepository(tmp_path / "clone")
    shop.git("clone", "--quiet", "--depth", "3", f"file://{shop.folder}", str(clone.folder))
    assert summaries(asked(clone, base, "main", AT_LINE_4).suspects) == ["Right field"]


def test_hotfix_branches(shop: SourceRepository) -> None:
    """Where the baseline is no ancestor, commits count from where both parted, and that is said."""
    shop.git("checkout", "--quiet", "-b", "hotfix", "base")
    shop.commit("Hotfix", {"src/shop/orders.py": TOTAL.replace("0.19", "0.2")})
    found = asked(shop, "main", "hotfix", AT_LINE_4)
    assert summaries(found.suspects) == ["Hotfix"]
    assert "is no ancestor of the candidate" in found.caveats[0]
    assert "The 2 that only the baseline has were taken away" in found.caveats[0]


def test_roll_backs(shop: SourceRepository) -> None:
    """A candidate older than the baseline brought no commit, and took some away."""
    text = said(shop, "main", "base")
    assert "a roll back. It brought no commit, and took 2 away." in text
    assert "the same commit" in said(shop, "main", "main")


def test_histories_without_a_common_commit(shop: SourceRepository) -> None:
    """Two histories that never met are not compared."""
    shop.git("checkout", "--quiet", "--orphan", "other")
    shop.commit("Alone")
    assert "They have no common history." in said(shop, "base", "other")


def test_bare_repositories_and_work_trees(shop: SourceRepository, tmp_path: Path) -> None:
    """A bare clone, a linked work tree with a detached head, and a folder inside all do."""
    shop.git("clone", "--quiet", "--bare", str(shop.folder), str(tmp_path / "bare.git"))
    shop.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"), "base")
    for folder in (tmp_path / "bare.git", tmp_path / "linked", shop.folder / "src"):
        found = suspicion(folder, (), frames_at(AT_LINE_4), "base", "main")
        assert summaries(found.suspects) == ["Wrong field"]


def test_sha256_repositories(tmp_path: Path) -> None:
    """Repositories whose ids have 64 digits are read like others."""
    made = SourceRepository.create(tmp_path / "shop", "--object-format=sha256")
    base = made.commit("Begin", {"src/shop/orders.py": TOTAL})
    made.commit("Wrong field", {"src/shop/orders.py": BROKEN})
    assert len(base) == 64
    assert summaries(asked(made, base, "main", AT_LINE_4).suspects) == ["Wrong field"]


def test_submodules(shop: SourceRepository, tmp_path: Path) -> None:
    """A frame in a submodule is in no file, and the reader learns that there are submodules."""
    pay = SourceRepository.create(tmp_path / "pay")
    pay.commit("Pay", {"pay/card.py": TOTAL})
    shop.git("submodule", "--quiet", "add", str(pay.folder), "libs/pay")
    shop.commit("Add pay")
    found = asked(shop, "base", "main", ("/app/libs/pay/pay/card.py", 4, "total"))
    assert found.suspects == ()
    assert any("submodules (libs/pay)" in one for one in found.caveats)


@pytest.mark.parametrize(
    "name", ["größe.py", "my orders.py", 'it\'s "x".py', "a\nb.py", "-option.py", ":(top)x.py"]
)
def test_odd_file_names(shop: SourceRepository, name: str) -> None:
    """Any name that git allows can be located, blamed and renamed to."""
    shop.git("tag", "--force", "base")
    shop.move("src/shop/orders.py", f"src/shop/{name}")
    shop.commit("Rename")
    (shop.folder / "src/shop" / name).write_text(TOTAL.replace("line.price", "line.net"))
    shop.commit("Net")
    frame = Frame("shop", "total", True, "", f"/app/src/shop/{name}", 4)
    found = suspicion(shop.folder, (), [FailingFrame(frame, 1.0)], "base", "main")
    assert [(one.summary, one.score) for one in found.suspects] == [("Net", 1.0), ("Rename", 0.3)]
    assert found.suspects[0].files == (f"src/shop/{name}",)


def test_hostile_configuration(shop: SourceRepository, tmp_path: Path) -> None:
    """A checkout that names programs for everything runs none of them."""
    mark = tmp_path / "ran"
    program = tmp_path / "run.sh"
    program.write_text(f"#!/bin/sh\ntouch '{mark}'\ncat \"$@\"\n")
    program.chmod(0o755)
    for key in (
        *("core.fsmonitor", "core.pager", "core.sshCommand", "diff.external", "gpg.program"),
        *("diff.evil.command", "diff.evil.textconv", "filter.evil.smudge", "filter.evil.process"),
        *("core.alternateRefsCommand", "uploadpack.packObjectsHook", "core.askPass"),
    ):
        shop.git("config", key, str(program))
    shop.git("config", "log.showSignature", "true")
    shop.git("config", "blame.ignoreRevsFile", "not/there")
    shop.git("config", "core.hooksPath", str(tmp_path))
    (shop.folder / ".git/info/attributes").write_text("* diff=evil filter=evil\n")
    mark.unlink(missing_ok=True)  # git config itself may have asked the file system monitor
    found = asked(shop, "base", "main", AT_LINE_4)
    assert summaries(found.suspects)[0] == "Wrong field"
    assert found.suspects[0].score == 1.0
    assert not mark.exists()


def test_hostile_environment(shop: SourceRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment says of repositories and programs does not reach git."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_EXTERNAL_DIFF"):
        monkeypatch.setenv(name, os.devnull)
    assert summaries(asked(shop, "base", "main", AT_LINE_4).suspects)[0] == "Wrong field"


def test_hostile_commits(shop: SourceRepository) -> None:
    """Separators and escapes in a commit's texts neither end its fields nor leave them."""
    shop.commit("Odd\x1e\x1f \x1b[31mred", {"src/shop/orders.py": BROKEN.replace("0.19", "0.2")})
    found = asked(shop, "base", "main", AT_LINE_4)
    assert len(found.suspects) == 2
    assert found.suspects[1].files == ("src/shop/orders.py",)


def test_answers_are_bounded(shop: SourceRepository) -> None:
    """An answer that is too long, or takes too long, ends as an error and not as memory."""
    git = opened(shop.folder)
    with pytest.raises(GitFailed, match="more than 10 bytes"):
        git.run("log", bytes_max=10)
    with pytest.raises(GitFailed, match="took more than"):
        git.run("cat-file", "--batch-all-objects", "--batch-check", timeout_s=0)


def test_a_command_that_is_too_long(shop: SourceRepository) -> None:
    """A file that was renamed thousands of times has more names than a command may have; that is
    what git cannot tell, not the end of the check."""
    with pytest.raises(GitFailed, match="git diff-tree could not be run"):
        opened(shop.folder).run("diff-tree", "HEAD", "--", *["a" * 100_000] * 100)


def test_many_files(tmp_path: Path) -> None:
    """A commit of thousands of files is read; what changed is listed up to a bound."""
    made = SourceRepository.create(tmp_path / "shop")
    base = made.commit("Begin", {"src/shop/orders.py": TOTAL})
    made.commit("Wrong field", {"src/shop/orders.py": BROKEN})
    many = {f"deploy/{n % 50}/values-{n}.yaml": f"n: {n}\n" for n in range(3_000)}
    made.commit("Values", many)
    found = asked(made, base, "main", AT_LINE_4)
    assert summaries(found.suspects) == ["Wrong field"]
    assert len(found.changed) == 200
    assert any("2,801 more files changed" in one for one in found.caveats)


def test_range_of_a_merged_range(shop: SourceRepository) -> None:
    """The range of two commits is that of git: from the first to the second."""
    found = commit_range(opened(shop.folder), "base", "main")
    assert found.text == f"{shop.git('rev-parse', 'base')}..{shop.head}"
    assert found.caveats == ()
