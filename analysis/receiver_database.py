"""The receiver home: a store that a running receiver holds, asked over its local API."""

from collections.abc import Mapping

import httpx
import pyarrow as pa

from analysis.api.wire import (
    TRUNCATED_HEADER,
    Json,
    OtherEdition,
    ReceiverBusy,
    decode_table,
    encode_parameters,
    encode_statement,
    error_from,
)
from analysis.catalog import QueryNameError, SavedQuery, bind
from analysis.home_error import ReceiverOverloaded, ReceiverUnreachable
from analysis.query_error import QueryError, QueryTimeout
from analysis.reading_room import (
    QUERY_TIMEOUT_S,
    SAVED_ROWS_MAX,
    SqlAnswer,
    SqlLimits,
    whole,
)
from receiver.lease import Lease
from receiver.storage.statements import STATEMENTS, Statement
from receiver.storage.store import StoreError

CONNECT_TIMEOUT_S = 2.0
STATUS_TIMEOUT_S = 5.0
_ANSWER_MARGIN_S = 10.0


class ReceiverDatabase:
    """A running receiver's store. Questions are answered there, in a reading room of its own."""

    name = "receiver"

    def __init__(self, lease: Lease) -> None:
        """Greet the receiver; raises ReceiverUnreachable when it does not answer as one."""
        self._lease = lease
        self._client = httpx.Client(
            base_url=lease.api or "",
            headers={"Authorization": f"Bearer {lease.token}"},
            timeout=httpx.Timeout(STATUS_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            trust_env=False,
        )
        try:
            self.status = self._request("GET", "/api/status").json()
        except BaseException:
            self.close()
            raise

    def run(
        self,
        query: SavedQuery,
        parameters: Mapping[str, object] | None = None,
        timeout_s: float = QUERY_TIMEOUT_S,
    ) -> pa.Table:
        """All rows of a saved query: ours by name, a user's own as text for the sandbox there.

        A receiver of another version may not have our query as it is here; it gets the text too.
        """
        bound = bind(query, parameters or {})
        if query.trusted:
            body = {"digest": query.digest, "parameters": encode_parameters(bound)}
            try:
                path = f"/api/query/{query.name}"
                return decode_table(self._ask(path, body, timeout_s).content)
            except (OtherEdition, QueryNameError):
                return self._run_as_text(query, bound, timeout_s)
        return whole(self.sql(query.sql, bound, SqlLimits(SAVED_ROWS_MAX, timeout_s)))

    def sql(
        self,
        text: str,
        parameters: Mapping[str, object] | None = None,
        limits: SqlLimits | None = None,
    ) -> SqlAnswer:
        """The first rows of a statement in the receiver's sandbox."""
        limits = limits or SqlLimits()
        encoded = encode_parameters(parameters or {})
        body = {"sql": text, "parameters": encoded, "rows_max": limits.rows_max}
        response = self._ask("/api/sql", body, limits.timeout_s)
        truncated = response.headers.get(TRUNCATED_HEADER) == "true"
        return SqlAnswer(decode_table(response.content), truncated)

    def tell(self, statement: Statement) -> None:
        """Have the receiver write it; it is never sent twice."""
        name = next(word for word, kind in STATEMENTS.items() if isinstance(statement, kind))
        try:
            self._request("POST", f"/api/{name}", encode_statement(statement))
        except ReceiverUnreachable as error:
            raise StoreError(f"{error} Whether the {name} was written is not known.") from None

    def close(self) -> None:
        """Close the connections to the receiver."""
        self._client.close()

    def _run_as_text(
        self, query: SavedQuery, bound: Mapping[str, object], timeout_s: float
    ) -> pa.Table:
        try:
            return whole(self.sql(query.sql, bound, SqlLimits(SAVED_ROWS_MAX, timeout_s)))
        except QueryError as error:
            raise type(error)(
                f"{error}\nThe receiver (process {self._lease.pid}) is another version of"
                f" deploylens and has no such query {query.name!r}. Restart it with this version."
            ) from error

    def _ask(self, path: str, body: dict[str, Json], timeout_s: float) -> httpx.Response:
        return self._request("POST", path, {**body, "timeout_s": timeout_s}, timeout_s)

    def _request(
        self, method: str, path: str, body: Json = None, timeout_s: float | None = None
    ) -> httpx.Response:
        wait_s = STATUS_TIMEOUT_S if timeout_s is None else timeout_s + _ANSWER_MARGIN_S
        timeout = httpx.Timeout(wait_s, connect=CONNECT_TIMEOUT_S)
        try:
            response = self._client.request(method, path, json=body, timeout=timeout)
        except httpx.ReadTimeout:
            if timeout_s is None:
                raise self._unreachable(f"gave no answer within {wait_s:g} s") from None
            raise QueryTimeout(f"the receiver gave no answer within {wait_s:g} s.") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(f"does not answer ({error or type(error).__name__})") from None
        if response.is_success:
            return response
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise self._unreachable("does not take the token that lies beside the store")
        raise self._error(response)

    def _error(self, response: httpx.Response) -> Exception:
        if response.headers.get("content-type", "").startswith("application/json"):
            answer = response.json()
            if isinstance(answer, dict) and "error" in answer:
                error = error_from(str(answer["error"]), str(answer.get("message")))
                if isinstance(error, ReceiverBusy):
                    return ReceiverOverloaded(f"the receiver is busy: {error}")
                return error
        return self._unreachable(
            f"answers with status {response.status_code}, not as a deploylens receiver does"
        )

    def _unreachable(self, what: str) -> ReceiverUnreachable:
        return ReceiverUnreachable(
            f"the receiver (process {self._lease.pid}) that holds the store {what} at"
            f" {self._lease.api}. If it is starting or stopping, try again; else restart it."
        )
