"""A check as variables for a shell or a later job: the gate and the verdict, and no other text."""

from analysis.verdict.check import Check


def dotenv(check: Check) -> str:
    """`NAME=value`, a line for each; values are words of ours, never of telemetry."""
    return f"DEPLOYLENS_GATE={check.gate}\nDEPLOYLENS_VERDICT={check.verdict}\n"
