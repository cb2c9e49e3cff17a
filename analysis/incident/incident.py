"""What is said of an incident: which deployments stand accused, and what none of them explains.

The fields are those of the JSON that `deploylens incident` answers with, in their order. None is
unknown. Times are RFC 3339, UTC. Shares run from 0 to 1.
"""

from dataclasses import dataclass

from analysis.verdict.check import CheckedDeployment, Finding, Kinds, Origin, Verdict, Window

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Accused:
    """A deployment of the window and the evidence against it.

    `log_e_value` and `kinds` are natural logarithms of e-values: what is left of the evidence
    beside the other deployments at fault. `share` is its part of the failing traces above the
    usual rate, None when there are none. `explained_by` names the deployment that explains what
    would speak against it, None if none does; `alone_log_e_value` is the evidence if there were
    no other. `confounded_with` names the one it cannot be told from: either may be at fault.
    """

    deployment: CheckedDeployment
    verdict: Verdict
    rank: int
    log_e_value: float
    kinds: Kinds
    share: float | None
    first_evidence_at: str | None
    reasons: tuple[str, ...]
    alone_log_e_value: float
    explained_by: str | None
    at_fault: bool
    began_at: str
    confounded_with: str | None


@dataclass(frozen=True, slots=True)
class Unexplained:
    """What no deployment explains: its part of the failing traces above the usual rate, and where
    failures start."""

    share: float | None
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True)
class Incident:
    """Everything said of a window, the deployments with the strongest evidence first."""

    generated_at: str
    window: Window
    environment: str | None
    symptoms: tuple[Finding, ...]
    deployments: tuple[Accused, ...]
    unexplained: Unexplained
    caveats: tuple[str, ...]

    @property
    def at_fault(self) -> tuple[Accused, ...]:
        """The deployments that stand accused; none is an answer too."""
        return tuple(accused for accused in self.deployments if accused.at_fault)
