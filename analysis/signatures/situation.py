"""A group of failures within the facts: what the conditions of signatures look at."""

from dataclasses import dataclass

from analysis.signatures.facts import FailingGroup, SignatureFacts
from analysis.verdict.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Situation:
    """What conditions look at: one group, or several merged, within the facts."""

    facts: SignatureFacts
    group: FailingGroup
    thresholds: Thresholds
    named: bool = False

    @property
    def candidate_rate(self) -> float:
        """Failures per request of the candidate."""
        return failures_per_request(self.group.candidate_count, self.facts.candidate_requests)

    @property
    def old_version_rate(self) -> float:
        """Failures per request of other versions since the candidate's first request."""
        return failures_per_request(self.group.old_version_count, self.facts.old_version_requests)

    @property
    def before_rate(self) -> float:
        """Failures per request of the service before."""
        return failures_per_request(self.group.before_count, self.facts.before_requests)


def failures_per_request(count: int, requests: int) -> float:
    """The share of requests that failed; 0 without requests."""
    return count / requests if requests else 0.0
