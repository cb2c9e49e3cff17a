"""The minutes at the start of a roll-out in which the version before still served.

A quick roll-out leaves the old version behind: soon most of the candidate's traffic stands alone,
and it is compared with the time before. What the shared minutes proved stays proven.
"""

from dataclasses import replace

import numpy as np

from analysis.verdict.minute_rows import MinuteRows
from analysis.verdict.minute_tables import MinuteTables
from analysis.verdict.subject import Subject

# As the query `comparison` has it.
SHARED_MINUTES_MIN = 3


def side_by_side_part(tables: MinuteTables, subject: Subject) -> Subject | None:
    """The subject until the last minute that its baseline shared; None if they shared fewer than
    three minutes, or stand side by side anyway."""
    if subject.side_by_side or subject.baseline_kind != "before":
        return None
    requests = MinuteRows.of(tables.requests, subject)
    now = requests.minute >= subject.first_minute
    own = np.unique(requests.minute[requests.of_candidate()])
    others = np.unique(requests.minute[requests.of_baseline() & now])
    shared = np.intersect1d(own, others)
    if shared.size < SHARED_MINUTES_MIN:
        return None
    until = int(shared[-1]) + 1
    return replace(subject, until_minute=until, side_by_side=True, baseline_kind="concurrent")
