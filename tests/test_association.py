"""How surely failing goes with something: the bound of the saved queries against the exact sum."""

from fractions import Fraction
from math import comb, exp

import duckdb

from analysis.catalog import packaged_queries

LARGE = [
    (9, 10, 400, 1_000),
    (30, 40, 100, 900),
    (3, 900, 3, 1_000),
    (18, 20, 22, 124),
    (250, 300, 400, 2_000),
]


def small_tables() -> list[tuple[int, int, int, int]]:
    """All that can be counted of up to 12 requests: k of n failing, of m that have it, of all."""
    return [
        (k, n, m, total)
        for total in range(1, 13)
        for n in range(total + 1)
        for m in range(total + 1)
        for k in range(max(0, n + m - total), min(n, m) + 1)
    ]


def exact_probability(k: int, n: int, m: int, total: int) -> float:
    """Fisher's one-sided probability: k or more of n failing ones among m of `total`."""
    ways = sum(comb(m, j) * comb(total - m, n - j) for j in range(k, min(n, m) + 1))
    return float(Fraction(ways, comb(total, n)))


def test_overlap_is_bounded_from_above() -> None:
    """ln_overlap is never below Fisher's exact probability, and of one below 0.05 at most a
    twentieth above it."""
    counts = small_tables() + LARGE
    with duckdb.connect() as connection:
        path = packaged_queries() / "views" / "80_association.sql"
        for statement in connection.extract_statements(path.read_text(encoding="utf-8")):
            connection.execute(statement)
        rows = connection.execute(
            "SELECT ln_overlap(c[1], c[2], c[3], c[4]) FROM (SELECT unnest($1::BIGINT[][]) AS c)",
            [[list(four) for four in counts]],
        ).fetchall()
    bounds = {four: exp(ln) for four, (ln,) in zip(counts, rows, strict=True)}
    exact = {four: exact_probability(*four) for four in counts}
    rare = [four for four in counts if exact[four] < 0.05]
    assert len(rare) > 50
    assert [four for four in counts if bounds[four] < exact[four] * (1 - 1e-9)] == []
    assert [four for four in rare if bounds[four] > 1.05 * exact[four]] == []
