"""The store as the receiver that holds it asks it: its reading room, and a time to be done by."""

import time
from collections.abc import Mapping

import pyarrow as pa

from analysis.query_error import QueryError, QueryTimeout
from analysis.question import Question
from analysis.reading_room import QUERY_TIMEOUT_S, ReadingRoom, SqlAnswer, SqlLimits
from analysis.saved_query import SavedQuery


class RoomDatabase:
    """Answers what a `Database` answers, for one question to the receiver that takes many."""

    def __init__(self, room: ReadingRoom, asked: Question, answer_s: float) -> None:
        """All answers together may take `answer_s` seconds; who holds `asked` can stop them."""
        self._room, self._asked, self._answer_s = room, asked, answer_s
        self._deadline = time.monotonic() + answer_s

    def run(
        self,
        query: SavedQuery,
        parameters: Mapping[str, object] | None = None,
        timeout_s: float = QUERY_TIMEOUT_S,
    ) -> pa.Table:
        """All rows of a saved query; raises ParameterError or QueryError."""
        try:
            return self._room.run(query, parameters, self._left(timeout_s), self._asked)
        except QueryError as error:
            raise type(error)(f"{query.name}: {error}") from error

    def sql(
        self,
        text: str,
        parameters: Mapping[str, object] | None = None,
        limits: SqlLimits | None = None,
    ) -> SqlAnswer:
        """The first rows of a statement in the sandbox; raises QueryError."""
        wanted = limits or SqlLimits()
        within = SqlLimits(wanted.rows_max, self._left(wanted.timeout_s))
        return self._room.sql(text, parameters, within, self._asked)

    def _left(self, timeout_s: float) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0 or self._asked.stopped:
            raise QueryTimeout(
                f"the whole answer was not there within {self._answer_s:g} s."
                " Ask with the command line, which waits longer."
            )
        return min(timeout_s, left)
