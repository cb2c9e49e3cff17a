"""Suspects on real repositories: which commits are accused, and which never are."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from analysis.repository.failing_frames import FailingFrame, FailingStack, failing_frames
from analysis.repository.suspicion import Suspicion, suspicion
from analysis.repository_settings import PathMapping
from analysis.verdict.check import Suspect
from receiver.fingerprints.rules import GroupingRules
from tests.source_repository import SourceRepository

TOTAL = """\
def total(lines):
    amount = 0
    for line in lines:
        amount += line.price
    return amount


def tax(amount):
    rate = 0.19
    return amount * rate
"""
OTHER = "def other():\n    return 1\n"


def traceback(*places: tuple[str, int, str]) -> FailingStack:
    """A traceback of Python whose last place raised."""
    frames = "".join(f'  File "{file}", line {line}, in {name}\n' for file, line, name in places)
    text = f"Traceback (most recent call last):\n{frames}ValueError: no\n"
    return FailingStack(text, "python", "new", 5)


def frames_at(*places: tuple[str, int, str]) -> tuple[FailingFrame, ...]:
    """The frames of one such traceback."""
    return failing_frames([traceback(*places)], GroupingRules())


def asked(
    repository: SourceRepository,
    baseline: str | None,
    candidate: str | None,
    *places: tuple[str, int, str],
    mappings: Sequence[PathMapping] = (),
) -> Suspicion:
    """What the repository says of a failure at these places."""
    return suspicion(repository.folder, mappings, frames_at(*places), baseline, candidate)


def summaries(found: Sequence[Suspect]) -> list[str]:
    """The suspects by what their commits say."""
    return [one.summary for one in found]


@pytest.fixture
def shop(tmp_path: Path) -> SourceRepository:
    """A repository with one commit, `base`."""
    made = SourceRepository.create(tmp_path / "shop")
    made.commit("Begin", {"src/shop/orders.py": TOTAL, "src/shop/other.py": OTHER})
    made.git("tag", "base")
    return made


AT_LINE_4 = ("/app/src/shop/orders.py", 4, "total")


def test_the_commit_of_the_line_is_first(shop: SourceRepository) -> None:
    """Of the deployed commits, the one that wrote the line of the failing frame has score 1."""
    shop.commit("Raise the tax", {"src/shop/orders.py": TOTAL.replace("0.19", "0.20")})
    changed = TOTAL.replace("0.19", "0.20").replace("line.price", "line['price']")
    guilty = shop.commit("Read prices from dictionaries", {"src/shop/orders.py": changed})
    shop.commit("Rename nothing", {"src/shop/other.py": OTHER + "\n"})
    found = asked(shop, "base", "main", AT_LINE_4)
    assert found.suspects[0].commit == guilty[:10]
    assert found.suspects[0].score == 1.0
    assert found.suspects[0].files == ("src/shop/orders.py",)
    assert [one.score for one in found.suspects] == [1.0, 0.3, 0.05]


def test_only_deployed_commits(shop: SourceRepository) -> None:
    """A commit before the baseline or after the candidate is no suspect, whoever wrote the line."""
    candidate = shop.commit("Other work", {"src/shop/other.py": OTHER + "x = 1\n"})
    late = TOTAL.replace("line.price", "line.cost")
    shop.commit("Not deployed yet", {"src/shop/orders.py": late})
    found = asked(shop, "base", candidate, AT_LINE_4)
    assert summaries(found.suspects) == ["Other work"]
    assert found.suspects[0].score == 0.05


def test_blame_at_the_deployed_revision(shop: SourceRepository) -> None:
    """Lines are those of the deployed code, also when the main branch has moved on."""
    broken = TOTAL.replace("line.price", "line.cost")
    candidate = shop.commit("Deployed", {"src/shop/orders.py": broken})
    shop.commit("Later", {"src/shop/orders.py": "# new\n# lines\n# above\n" + broken})
    assert asked(shop, "base", candidate, AT_LINE_4).suspects[0].summary == "Deployed"


def test_top_frames_weigh_more(shop: SourceRepository) -> None:
    """The commit of the frame that raised is suspected before that of its caller."""
    top = TOTAL.replace("line.price", "line.cost")
    shop.commit("Where it raised", {"src/shop/orders.py": top})
    shop.commit("Its caller", {"src/shop/other.py": "def other():\n    return total([1])\n"})
    caller = ("/app/src/shop/other.py", 2, "other")
    found = asked(shop, "base", "main", caller, AT_LINE_4)
    assert summaries(found.suspects) == ["Where it raised", "Its caller"]
    assert found.suspects[0].score == pytest.approx((1 + 0.5 * 0.05) / 1.5, abs=0.001)


def test_frequent_failures_weigh_more(shop: SourceRepository) -> None:
    """A commit beside an exception of many traces is suspected before that of a rare one."""
    shop.commit("Rare", {"src/shop/other.py": "def other():\n    return 2\n"})
    shop.commit("Frequent", {"src/shop/orders.py": TOTAL.replace("line.price", "line.cost")})
    stacks = [
        FailingStack(traceback(AT_LINE_4).stacktrace, "python", "new", 90),
        FailingStack(
            traceback(("/app/src/shop/other.py", 2, "other")).stacktrace, "python", "new", 10
        ),
    ]
    frames = failing_frames(stacks, GroupingRules())
    found = suspicion(shop.folder, (), frames, "base", "main")
    assert summaries(found.suspects) == ["Frequent", "Rare"]
    assert found.suspects[0].score == pytest.approx(0.9 + 0.1 * 0.05)


def test_known_exceptions_weigh_little(shop: SourceRepository) -> None:
    """A new exception accuses ten times as strongly as one that was there before."""
    stack = traceback(AT_LINE_4)
    old = FailingStack(stack.stacktrace, "python", "ongoing", 5)
    new_weight = failing_frames([stack], GroupingRules())[0].weight
    assert failing_frames([old], GroupingRules())[0].weight == pytest.approx(new_weight / 10)


def test_a_removed_guard_is_found(shop: SourceRepository) -> None:
    """A commit that only removed lines beside the frame is suspected, though it wrote no line."""
    guarded = TOTAL.replace("    for line", "    if not lines: return 0\n    for line")
    shop.commit("Guard", {"src/shop/orders.py": guarded})
    shop.git("tag", "--force", "base")
    shop.commit("Raise the tax", {"src/shop/orders.py": guarded.replace("0.19", "0.20")})
    shop.commit("Simplify", {"src/shop/orders.py": TOTAL.replace("0.19", "0.20")})
    found = asked(shop, "base", "main", AT_LINE_4)
    assert summaries(found.suspects) == ["Simplify", "Raise the tax"]
    assert found.suspects[0].score == 0.8


def test_whitespace_is_nobody_s_fault(shop: SourceRepository) -> None:
    """A commit that only indents the line is not blamed for it; it only touched the file."""
    broken = TOTAL.replace("line.price", "line.cost")
    shop.commit("Wrong field", {"src/shop/orders.py": broken})
    shop.commit("Indent", {"src/shop/orders.py": broken.replace("        amount", "      amount")})
    found = asked(shop, "base", "main", AT_LINE_4)
    assert summaries(found.suspects) == ["Wrong field", "Indent"]
    assert [one.score for one in found.suspects] == [1.0, 0.3]


def test_moved_lines_keep_their_author(shop: SourceRepository) -> None:
    """Code that was moved to another file within the release is blamed on who wrote it."""
    wrong = TOTAL.replace("amount += line.price", "amount += line.price_before_discount_and_tax")
    shop.commit("Wrong field", {"src/shop/orders.py": wrong})
    head, tail = wrong.split("\n\n\n")
    shop.commit("Split", {"src/shop/orders.py": tail, "src/shop/totals.py": head + "\n"})
    found = asked(shop, "base", "main", ("/app/src/shop/totals.py", 4, "total"))
    assert summaries(found.suspects)[0] == "Wrong field"


@pytest.mark.parametrize("listed", ["at the revision", "in the work tree", "by configuration"])
def test_formatters_are_passed_over(shop: SourceRepository, listed: str) -> None:
    """A commit that .git-blame-ignore-revs names is no suspect; who wrote the line before is."""
    broken = TOTAL.replace("line.price", "line.cost")
    shop.commit("Wrong field", {"src/shop/orders.py": broken})
    formatted = broken.replace("amount += line.cost", "amount = amount + line.cost")
    formatter = shop.commit("Format", {"src/shop/orders.py": formatted})
    text = f"# formatting\n{formatter} # with a comment\nnot a commit\n{'0' * 40}\n"
    candidate = formatter
    name = "config/revs" if listed == "by configuration" else ".git-blame-ignore-revs"
    if listed == "at the revision":
        candidate = shop.commit("List it", {name: text})
    else:
        (shop.folder / name).parent.mkdir(exist_ok=True)
        (shop.folder / name).write_text(text)
        shop.git("config", "blame.ignoreRevsFile", name)
    found = asked(shop, "base", candidate, AT_LINE_4)
    assert summaries(found.suspects) == ["Wrong field"]
    assert found.suspects[0].score == 1.0


def test_renamed_files(shop: SourceRepository) -> None:
    """A file that was renamed within the release is followed to its old name."""
    shop.commit("Wrong field", {"src/shop/orders.py": TOTAL.replace("line.price", "line.cost")})
    shop.move("src/shop/orders.py", "src/shop/baskets/sums.py")
    shop.commit("Rename")
    found = asked(shop, "base", "main", ("/app/src/shop/baskets/sums.py", 4, "total"))
    assert summaries(found.suspects) == ["Wrong field", "Rename"]
    assert found.suspects[0].files == ("src/shop/baskets/sums.py",)


def test_merges(shop: SourceRepository) -> None:
    """Of a merge the commits are suspected that it brought, not the merge itself."""
    shop.git("checkout", "--quiet", "-b", "feature")
    shop.commit("Wrong field", {"src/shop/orders.py": TOTAL.replace("line.price", "line.cost")})
    shop.git("checkout", "--quiet", "main")
    shop.commit("Tax", {"src/shop/orders.py": TOTAL.replace("0.19", "0.20")})
    shop.git("merge", "--quiet", "--no-ff", "--message", "Merge feature", "feature")
    found = asked(shop, "base", "main", AT_LINE_4)
    assert summaries(found.suspects) == ["Wrong field", "Tax"]


def test_a_merge_that_changed_lines_itself(shop: SourceRepository) -> None:
    """A conflict that was resolved wrongly is the merge's own doing."""
    shop.git("checkout", "--quiet", "-b", "feature")
    shop.commit("Cost", {"src/shop/orders.py": TOTAL.replace("line.price", "line.cost")})
    shop.git("checkout", "--quiet", "main")
    shop.commit("Net", {"src/shop/orders.py": TOTAL.replace("line.price", "line.net")})
    shop.git("merge", "--quiet", "--no-commit", "--strategy=ours", "feature")
    shop.commit("Merge feature", {"src/shop/orders.py": TOTAL.replace("line.price", "line.gros")})
    assert asked(shop, "base", "main", AT_LINE_4).suspects[0].summary == "Merge feature"


def test_squashed_merges(shop: SourceRepository) -> None:
    """A squashed branch is one commit, and that is suspected."""
    shop.git("checkout", "--quiet", "-b", "feature")
    shop.commit("Step 1", {"src/shop/orders.py": TOTAL.replace("line.price", "line.cost")})
    shop.commit("Step 2", {"src/shop/other.py": OTHER + "x = 1\n"})
    shop.git("checkout", "--quiet", "main")
    shop.git("merge", "--quiet", "--squash", "feature")
    shop.commit("The feature (#12)")
    assert summaries(asked(shop, "base", "main", AT_LINE_4).suspects) == ["The feature (#12)"]


def test_documents_and_tests_score_below(shop: SourceRepository) -> None:
    """A commit that touches only tests is suspected a tenth as much, even in the stack itself."""
    helper = {"tests/support.py": "def price(line):\n    return line.cost\n"}
    shop.commit("Test support", helper)
    found = asked(shop, "base", "main", ("/app/tests/support.py", 2, "price"))
    assert [one.score for one in found.suspects] == [0.1]


def test_vendored_code_is_no_suspect(shop: SourceRepository) -> None:
    """Copied code of others is neither located nor listed, unless .gitattributes says otherwise."""
    text = "def send(line):\n    return line.cost\n"
    shop.commit("Update them", {"vendor/mail/send.py": text, "copied/pay/send.py": text})
    theirs = ("/app/vendor/mail/send.py", 2, "send")
    copied = ("/app/copied/pay/send.py", 2, "send")
    assert asked(shop, "base", "main", theirs).suspects == ()
    assert summaries(asked(shop, "base", "main", copied).suspects) == ["Update them"]
    attributes = "copied/** linguist-vendored\nvendor/** -linguist-vendored\n"
    shop.commit("Say so", {".gitattributes": attributes})
    assert asked(shop, "base", "main", copied).suspects == ()
    assert summaries(asked(shop, "base", "main", theirs).suspects) == ["Update them"]


def test_same_score_newest_first(shop: SourceRepository) -> None:
    """Of commits with the same score the newest comes first."""
    shop.commit("First", {"src/shop/orders.py": TOTAL.replace("0.19", "0.20")})
    shop.commit("Second", {"src/shop/orders.py": TOTAL.replace("0.19", "0.21")})
    found = asked(shop, "base", "main", ("/app/src/shop/orders.py", 2, "total"))
    assert [(one.summary, one.score) for one in found.suspects] == [("Second", 0.3), ("First", 0.3)]


def test_nothing_is_written(shop: SourceRepository) -> None:
    """Asking changes no file of the checkout, its index and its objects included."""
    shop.commit("Wrong field", {"src/shop/orders.py": TOTAL.replace("line.price", "line.cost")})
    before = {p: p.stat().st_mtime_ns for p in sorted(shop.folder.rglob("*"))}
    asked(shop, "base", "main", AT_LINE_4)
    assert {p: p.stat().st_mtime_ns for p in sorted(shop.folder.rglob("*"))} == before


def test_blame_ends_in_time(shop: SourceRepository) -> None:
    """When blame takes too long, the rest is ranked by the files alone, and that is said."""
    shop.commit("Wrong field", {"src/shop/orders.py": TOTAL.replace("line.price", "line.cost")})
    moments = iter((0.0, 1_000.0))
    frames = frames_at(AT_LINE_4)
    found = suspicion(shop.folder, (), frames, "base", "main", clock=lambda: next(moments))
    assert [one.score for one in found.suspects] == [0.3]
    assert "was not read which commit wrote the lines" in found.caveats[0]
