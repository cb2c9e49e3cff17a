"""Export requests from files into a store that a running receiver holds."""

import contextlib
import json
import queue
import time
from concurrent.futures import Future, ThreadPoolExecutor
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from receiver.errors import MalformedRequest, ReceiverError, RequestTooLarge
from receiver.export_request import Answer
from receiver.lease import Lease, process_lives, read_lease
from receiver.otlp_files.file_record import FileRecord
from receiver.storage.store import StoreError
from receiver.transport.import_service import IMPORT_PATH

_RETRIES_MAX = 30
_CALLS_MAX = 32
_TIMEOUT_S = 60.0


class ImportClient:
    """The receiver that holds the store, asked over its local API with the token of its lease.

    So an import needs no API key and no certificate, whatever the receiver asks of exporters.
    """

    def __init__(self, store: Path, lease: Lease) -> None:
        """Raises StoreError if the receiver offers no local API."""
        if lease.api is None:
            raise StoreError(
                f"{store} is held by a receiver (process {lease.pid}) that offers no local API."
                " Start it without `--api off`, or stop it and import again."
            )
        self._store, self._lease = store, lease
        self._host = urlsplit(lease.api).netloc
        self._headers = {"Authorization": f"Bearer {lease.token}"}
        self._idle: queue.SimpleQueue[HTTPConnection] = queue.SimpleQueue()
        self._threads = ThreadPoolExecutor(_CALLS_MAX)

    def send(self, record: FileRecord) -> "Future[Answer]":
        """The answer to come."""
        return self._threads.submit(self._send, record)

    def close(self) -> None:
        """Gives up what has not been sent, waits for the rest, and closes the connections."""
        self._threads.shutdown(cancel_futures=True)
        while not self._idle.empty():
            self._idle.get().close()

    def _send(self, record: FileRecord) -> Answer:
        path = f"{IMPORT_PATH}{record.signal.value}"
        for _ in range(_RETRIES_MAX):
            with contextlib.suppress(OSError, HTTPException):
                status, body = self._post(path, record.payload)
                if status != HTTPStatus.SERVICE_UNAVAILABLE:
                    return self._answer(status, body)
            self._check_receiver()
            time.sleep(1.0)
        raise StoreError(
            f"the receiver that holds {self._store} is too busy to take the file. What it"
            " acknowledged is stored; run the same command again later."
        )

    def _post(self, path: str, payload: bytes) -> tuple[int, bytes]:
        """The status and body of the answer."""
        try:
            connection = self._idle.get_nowait()
        except queue.Empty:
            connection = HTTPConnection(self._host, timeout=_TIMEOUT_S)
        try:
            connection.request("POST", path, payload, self._headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, HTTPException):
            connection.close()  # the next request opens it again
            raise
        finally:
            self._idle.put(connection)

    def _answer(self, status: int, body: bytes) -> Answer:
        if status == HTTPStatus.OK:
            return Answer(**json.loads(body))
        message = _message(status, body)
        if status == HTTPStatus.BAD_REQUEST:
            raise MalformedRequest(message)
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise RequestTooLarge(message)
        raise ReceiverError(f"the receiver (process {self._lease.pid}) refused: {message}")

    def _check_receiver(self) -> None:
        if read_lease(self._store) != self._lease or not process_lives(self._lease.pid):
            raise StoreError(
                f"the receiver that held {self._store} stopped. What it acknowledged is stored; run"
                " the same command again."
            )


def _message(status: int, body: bytes) -> str:
    """What the receiver says, if it is one of this version."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return f"status {status}; it may be of another version. Restart it."
