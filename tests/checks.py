"""Checks as a store would give them, one for each verdict, built from their parts."""

from dataclasses import replace

from analysis.verdict.check import (
    Baseline,
    Check,
    CheckedDeployment,
    ExceptionState,
    FailureRate,
    Finding,
    Impact,
    Kinds,
    Needed,
    Onset,
    Origin,
    SignatureShown,
    Suspect,
    UsedThreshold,
    Verdict,
    Window,
)

NOTHING = Check(
    generated_at="2026-11-21T10:41:00Z",
    deployment=CheckedDeployment(
        "checkout", None, "1.4.0", None, None, None, None, None, 0, None, None
    ),
    baseline=None,
    window=None,
    verdict=Verdict.NOT_ENOUGH_DATA,
    reasons=(),
    failure_rate=FailureRate(None, None, None, None, None, None, 0.01),
    onset=Onset(None, None, None, None),
    findings=(),
    origins=(),
    impact=Impact(0, 0, 0, 0, None),
    exceptions=(),
    signatures=(),
    suspects=(),
    owners=(),
    ruled_out=(),
    needed=Needed(None, None),
    caveats=(),
    kinds=Kinds(),
    thresholds=(),
)
"""A check of which nothing is known."""

ROLL_BACK = Check(
    generated_at="2026-11-21T10:41:00Z",
    deployment=CheckedDeployment(
        service="checkout",
        namespace=None,
        version="1.4.0",
        environment="prod",
        deployment_id=None,
        first_seen="2026-11-21T10:30:00.01Z",
        last_seen="2026-11-21T10:39:30.08Z",
        instances=2,
        requests=4_000,
        commit="5be3a1f",
        version_source="service.version",
    ),
    baseline=Baseline("concurrent", "1.3.9", "2026-11-21T10:30:00Z", "2026-11-21T10:40:00Z", 4_100),
    window=Window("2026-11-21T10:30:00Z", "2026-11-21T10:40:00Z"),
    verdict=Verdict.ROLL_BACK,
    reasons=(
        "Failures that start in it rose from 0.5 % to 5.1 % (+4.6 points; 95 % sure: +3.9 to"
        " +5.4). Evidence 3e12: versions that do not differ reach 100 at most once in 100"
        " deployments, however often one looks.",
        "It began with the roll-out, at 2026-11-21T10:30:00Z.",
        "98 % of its failing requests start in checkout@1.4.0 (POST /pay) as KeyError.",
        "New exception KeyError at shop.pay.charge, 200 times; by chance with probability 1e-60.",
    ),
    failure_rate=FailureRate(0.005, 0.051, 0.046, 0.039, 0.054, 3.2e12, 0.01),
    onset=Onset("2026-11-21T10:30:00Z", "2026-11-21T10:29:00Z", "2026-11-21T10:31:00Z", "at"),
    findings=(
        Finding(
            "failing_endpoint",
            "critical",
            "checkout",
            "1.4.0",
            "POST /pay",
            "POST /pay fails 12 % of the time, before 0.5 %",
            {
                "baseline_rate": 0.005,
                "candidate_rate": 0.1176,
                "difference": 0.1126,
                "low": 0.098,
                "high": 0.129,
                "candidate_failures": 200,
                "e_value": 4.1e9,
                "share": 0.42,
                "ratio": None,
            },
            ("0af7651916cd43dd8448eb211c80319c",),
        ),
        Finding("latency_regression", "warning", "checkout", "1.4.0", None, "p99 is 2 s", {}),
    ),
    origins=(
        Origin("checkout", "1.4.0", "POST /pay", "KeyError", 0.98, 200),
        Origin("payment", None, "POST /charge", None, 0.02, 4),
    ),
    impact=Impact(204, 4_000, 1, 2, 37),
    exceptions=(
        ExceptionState(
            "KeyError",
            "'amount'",
            "3f2a9c81d04e77b6",
            "new",
            200,
            "2026-11-21T10:30:30.04Z",
            "shop.pay.charge",
            1e-60,
        ),
        ExceptionState(None, None, "77aa9c81d04e77b6", "ongoing", 3, None, None, None),
    ),
    signatures=(
        SignatureShown(
            "missing_config",
            "high",
            "KeyError: 'amount'",
            "Compare the environment of both versions.",
            "Set the value and restart.",
        ),
    ),
    suspects=(Suspect("5be3a1f", "A. Author", "charge in cents", ("shop/pay.py",), 0.8),),
    owners=("payments-team",),
    ruled_out=("Not roll-out noise: failures go on after the first minute of each instance.",),
    needed=Needed(None, None),
    caveats=("12 % of the traces are cut.",),
    kinds=Kinds(own=28.8, unanswered=None, participation=21.0, traffic=-0.4),
    thresholds=(
        UsedThreshold("alpha", 0.01, "default"),
        UsedThreshold("confidence", 0.95, 'deploylens.toml [verdict.services."checkout"]'),
    ),
)

HEALTHY = replace(
    ROLL_BACK,
    verdict=Verdict.HEALTHY,
    reasons=("20 of 4,000 requests failed (0.5 %; before 0.51 %).",),
    failure_rate=FailureRate(0.0051, 0.005, -0.0001, -0.003, 0.0029, 0.3, 0.01),
    onset=Onset(None, None, None, None),
    findings=(),
    origins=(),
    exceptions=(),
    signatures=(),
    suspects=(),
    owners=(),
    impact=Impact(20, 4_000, 2, 1, None),
    kinds=Kinds(own=-1.2),
    caveats=(),
)

HOLD = replace(
    ROLL_BACK,
    verdict=Verdict.HOLD,
    baseline=Baseline("before", "1.3.9", "2026-11-21T10:00:00Z", "2026-11-21T10:30:00Z", 60),
    failure_rate=FailureRate(0.005, 0.02, 0.015, 0.001, 0.03, 42.0, 0.01),
    kinds=Kinds(own=3.7),
)

CHECKS = {
    Verdict.ROLL_BACK: ROLL_BACK,
    Verdict.FIX_FORWARD: replace(
        ROLL_BACK,
        verdict=Verdict.FIX_FORWARD,
        failure_rate=replace(ROLL_BACK.failure_rate, e_value=7.0),
    ),
    Verdict.HOLD: HOLD,
    Verdict.HEALTHY: HEALTHY,
    Verdict.NOT_ENOUGH_DATA: replace(
        HEALTHY,
        verdict=Verdict.NOT_ENOUGH_DATA,
        reasons=("0 of 40 requests failed: neither harm nor health is shown.",),
        failure_rate=FailureRate(0.005, 0.0, -0.005, -0.01, 0.08, 1.0, 0.01),
        needed=Needed(610, 152.5),
    ),
    Verdict.NOT_THIS_DEPLOYMENT: replace(
        HOLD,
        verdict=Verdict.NOT_THIS_DEPLOYMENT,
        reasons=("The failures are real, but 100 % start in payment@3.1 (POST /charge).",),
        onset=replace(ROLL_BACK.onset, relation="before"),
    ),
}
"""One check for each verdict."""

HOSTILE = (
    "\x1b[2J\u202e<script>alert(1)</script>\n# h | `x` [l](http://e) @all ![i](j) :bug: #1 "
    + "x" * 5_000
)
"""Text as nobody should send it."""

HOSTILE_CHECK = replace(
    ROLL_BACK,
    deployment=replace(
        ROLL_BACK.deployment, service=HOSTILE, version=HOSTILE, environment=HOSTILE, commit=HOSTILE
    ),
    baseline=replace(ROLL_BACK.baseline, version=HOSTILE) if ROLL_BACK.baseline else None,
    reasons=(HOSTILE, f"It is {HOSTILE}", HOSTILE, HOSTILE),
    findings=(
        Finding(
            "failing_endpoint",
            "critical",
            HOSTILE,
            HOSTILE,
            HOSTILE,
            HOSTILE,
            {HOSTILE: HOSTILE},
            (HOSTILE,),
        ),
    )
    * 20,
    origins=(Origin(HOSTILE, HOSTILE, HOSTILE, HOSTILE, 1.0, 1),),
    exceptions=(ExceptionState(HOSTILE, HOSTILE, HOSTILE, "new", 1, None, HOSTILE, 0.1),),
    signatures=(SignatureShown(HOSTILE, "high", HOSTILE, HOSTILE, HOSTILE),),
    suspects=(Suspect(HOSTILE, HOSTILE, HOSTILE, (HOSTILE,), 1.0),),
    owners=(HOSTILE,),
    ruled_out=(HOSTILE,),
    caveats=(HOSTILE,),
    thresholds=(UsedThreshold("alpha", 0.01, HOSTILE),),
)
"""A check in which every text that may come with telemetry is hostile."""
