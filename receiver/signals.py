"""The signals deploylens receives and stores."""

import enum


class Signal(enum.StrEnum):
    """One kind of telemetry, named as in OTLP's paths: `/v1/traces`, `/v1/logs`."""

    TRACES = "traces"
    LOGS = "logs"
