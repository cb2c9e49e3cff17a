"""`/healthz`, `/readyz` and `/metrics`: for probes and for Prometheus."""

from collections.abc import Awaitable, Callable, Sequence

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from receiver.monitoring.health import Health, HealthCheck
from receiver.monitoring.metrics import CONTENT_TYPE, Metrics

_Handler = Callable[[Request], Awaitable[Response]]
_THREADS_MAX = 2


def health_routes(health: Health, metrics: Metrics) -> list[Route]:
    """The three routes; all answer GET and HEAD.

    What may wait for a disk runs in threads that requests do not use, so that a probe is answered
    under any load.
    """
    limiter = CapacityLimiter(_THREADS_MAX)

    async def healthz(_request: Request) -> Response:
        return _answer(health.live())

    async def readyz(_request: Request) -> Response:
        return _answer(await to_thread.run_sync(health.ready, limiter=limiter))

    async def read_metrics(_request: Request) -> Response:
        text = await to_thread.run_sync(metrics.text, limiter=limiter)
        return Response(text, media_type=CONTENT_TYPE)

    handlers: dict[str, _Handler] = {
        "/healthz": healthz,
        "/readyz": readyz,
        "/metrics": read_metrics,
    }
    return [Route(path, handler, methods=["GET"]) for path, handler in handlers.items()]


def _answer(checks: Sequence[HealthCheck]) -> Response:
    """200 or 503, and every check by name."""
    ok = all(check.ok for check in checks)
    body = {
        "status": "ok" if ok else "failed",
        "failed": [check.name for check in checks if not check.ok],
        "checks": {check.name: {"ok": check.ok, "seen": check.seen} for check in checks},
    }
    return JSONResponse(body, 200 if ok else 503, {"Cache-Control": "no-store"})
