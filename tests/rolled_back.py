"""A version that broke requests for a quarter of an hour, and was rolled back.

From 11:00 to 11:15 checkout 1.1 answers all requests and fails every fifth; from 11:15 to 11:30
version 1.0 answers them again, as well as before.
"""

from pathlib import Path

from tests.simulated_service import START_NS, Scenario, fill

DEPLOYED, BACK = "2026-01-02T11:00:00Z", "2026-01-02T11:15:00Z"
SCENARIO = Scenario(minutes=30, per_minute=120, share=1.0, new=0.2, new_type="KeyError")
_BACK_NS = START_NS + 75 * 60 * 10**9
_ROLL_BACK = f"""
UPDATE store.spans SET outcome = 'ok', status_code = 'UNSET'
WHERE start_time_unix_nano >= {_BACK_NS};
UPDATE store.spans SET service_version = '1.0', instance_id = 'old-0'
WHERE start_time_unix_nano >= {_BACK_NS} AND service_version = '1.1';
DELETE FROM store.exceptions WHERE time_unix_nano >= {_BACK_NS};
"""


def fill_rolled_back(path: Path) -> Path:
    """A new store with it."""
    return fill(path, SCENARIO, _ROLL_BACK)
