"""When what failed is tried again, and when it is given up."""

import random
from dataclasses import dataclass

_DOUBLINGS_MAX = 30


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds: of the first delay, which doubles up to the longest; and from an announcement until
    it is given up."""

    first_s: float = 5.0
    longest_s: float = 1800.0
    give_up_s: float = 24 * 3600.0

    def after(self, attempts: int, asked_s: float | None, chance: random.Random) -> float:
        """How long to wait after so many attempts: at least what the target asked for, and spread,
        for targets and receivers that failed together should not come back together."""
        grown = self.first_s * 2.0 ** min(attempts - 1, _DOUBLINGS_MAX)
        spread = min(self.longest_s, grown) * chance.uniform(0.5, 1.0)
        return max(spread, asked_s or 0.0)
