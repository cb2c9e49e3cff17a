"""Does a real client lose or double spans when its receiver is killed, slow or full?

    python examples/clients/provoke.py killed --protocol grpc -- go/build/retry
    python examples/clients/provoke.py slow --protocol http/json -- node node/retry.js
    python examples/clients/provoke.py full --collector otelcol -- go/build/retry

Starts `deploylens serve`, then four times the client after `--`, and makes trouble meanwhile:

    killed  SIGKILL twice in the middle, each time started again after 1.5 s
    slow    stopped for 12 s, longer than the clients wait for an answer
    full    a queue so short that most requests are refused and told when to come back
    none    no trouble

With `--collector` the clients send to that Collector, with the configuration of this repository,
and it to the receiver. Prints how many spans the clients were told are delivered, and what the
store holds.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = 4
ORDERS = 600
SPAN_EVERY_MS = 20


def main() -> None:
    """Runs once and prints the counts as JSON; exits 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenario", choices=["none", "killed", "slow", "full"])
    parser.add_argument("--protocol", default="grpc", help="OTEL_EXPORTER_OTLP_PROTOCOL")
    parser.add_argument("--collector", help="the program of a Collector to send through")
    parser.add_argument("command", nargs="+", help="the client")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = provoke(given, Path(folder))
    print(json.dumps(result))
    sys.exit(bool(result["missing"] or result["doubled"]))


def provoke(given: argparse.Namespace, folder: Path) -> dict:
    """One run: what was sent, what the clients believe, what the store holds."""
    store = folder / "store.duckdb"
    receiver = Receiver(store, folder / "receiver.txt", given.scenario == "full")
    receiver.start()
    ports = receiver.ports
    collector = None
    if given.collector:
        ports = free_ports(2)
        collector = start_collector(given.collector, receiver.ports, ports, folder)
    clients = [start_client(given, ports, number) for number in range(CLIENTS)]
    trouble = threading.Thread(target=make_trouble, args=(given.scenario, receiver))
    trouble.start()
    answers = [json.loads(client.communicate()[0].splitlines()[-1]) for client in clients]
    trouble.join()
    if collector:
        wait_until_stored(store, sum(len(answer["delivered"]) for answer in answers))
        collector.terminate()
        collector.wait()
    receiver.stop()
    return compare(store, answers)


def make_trouble(scenario: str, receiver: "Receiver") -> None:
    """What happens to the receiver while the clients send."""
    if scenario == "killed":
        for _ in range(2):
            time.sleep(3)
            receiver.process.kill()
            receiver.process.wait()
            time.sleep(1.5)
            receiver.start()
    elif scenario == "slow":
        time.sleep(3)
        receiver.process.send_signal(signal.SIGSTOP)
        time.sleep(12)
        receiver.process.send_signal(signal.SIGCONT)


class Receiver:
    """`deploylens serve`, on the same ports each time."""

    def __init__(self, store: Path, output: Path, short_queue: bool) -> None:
        self.ports = free_ports(2)
        self._output = output
        self._command = [
            *(sys.executable, "-m", "analysis", "serve", "--store", str(store), "--api"),
            *(f"127.0.0.1:{free_ports(1)[0]}", "--grpc", f"127.0.0.1:{self.ports[0]}"),
            *("--http", f"127.0.0.1:{self.ports[1]}"),
            *(("--max-queue-bytes", "1") if short_queue else ()),
        ]

    def start(self) -> None:
        """Starts it and waits until it listens."""
        with self._output.open("a") as sink:
            self.process = subprocess.Popen(self._command, cwd=ROOT, stdout=sink, stderr=sink)
        wait_until_listening(self.ports[1])

    def stop(self) -> None:
        """Stops it cleanly."""
        self.process.terminate()
        if self.process.wait(30) != 0:
            raise SystemExit(self._output.read_text())


def start_client(given: argparse.Namespace, ports: list[int], number: int) -> subprocess.Popen:
    """One client, with orders of its own."""
    port = ports[0] if given.protocol == "grpc" else ports[1]
    environment = {
        **os.environ,
        "OTEL_SERVICE_NAME": f"client-{number}",
        "OTEL_RESOURCE_ATTRIBUTES": "service.version=1.0.0",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": given.protocol,
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "ORDERS": str(ORDERS),
        "PAUSE_MS": str(SPAN_EVERY_MS),
        "FIRST_ORDER": str(1 + number * ORDERS),
    }
    return subprocess.Popen(given.command, env=environment, stdout=subprocess.PIPE, text=True)


def start_collector(
    program: str, receiver: list[int], own: list[int], folder: Path
) -> subprocess.Popen:
    """A Collector between the clients and the receiver."""
    environment = {
        **os.environ,
        "DEPLOYLENS_GRPC_ENDPOINT": f"127.0.0.1:{receiver[0]}",
        "DEPLOYLENS_HTTP_ENDPOINT": f"http://127.0.0.1:{receiver[1]}",
        "COLLECTOR_GRPC_ENDPOINT": f"127.0.0.1:{own[0]}",
        "COLLECTOR_HTTP_ENDPOINT": f"127.0.0.1:{own[1]}",
    }
    quiet = "yaml:service::telemetry::metrics::level: none"
    command = [program, "--config", str(ROOT / "otel-config.yaml"), "--config", quiet]
    with (folder / "collector.txt").open("w") as sink:
        process = subprocess.Popen(command, env=environment, stdout=sink, stderr=sink)
    wait_until_listening(own[1])
    return process


def wait_until_stored(store: Path, spans: int) -> None:
    """Waits up to a minute until the receiver has that many spans."""
    command = [sys.executable, "-m", "analysis", "--store", str(store), "sql", "--format", "json"]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        query = "SELECT count(*) AS n FROM spans"
        done = subprocess.run([*command, query], cwd=ROOT, capture_output=True, check=False)
        if done.returncode == 0 and json.loads(done.stdout)[0]["n"] >= spans:
            return
        time.sleep(1)


def compare(store: Path, answers: list[dict]) -> dict:
    """The spans that clients believe delivered beside those that are stored."""
    delivered = {order for answer in answers for order in answer["delivered"]}
    with duckdb.connect(str(store), read_only=True) as connection:
        sql = "SELECT (attributes->>'$.\"order.id\"')::INTEGER, count(*) FROM spans GROUP BY ALL"
        stored = dict(connection.execute(sql).fetchall())
    errors = Counter(error[:120] for answer in answers for error in answer["errors"])
    return {
        "made": CLIENTS * ORDERS,
        "delivered": len(delivered),
        "given_up": sum(answer["failed"] for answer in answers),
        "stored": len(stored),
        "missing": len(delivered - stored.keys()),
        "doubled": sum(count > 1 for count in stored.values()),
        "errors": dict(errors.most_common(4)),
    }


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_until_listening(port: int) -> None:
    """Waits until somebody accepts connections there."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"nobody listens on port {port}")


if __name__ == "__main__":
    main()
