"""What a report asks the store with, and what it has asked so far."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from analysis.asking import Asking
from analysis.deployment_name import DeploymentName
from analysis.parameters import value_text
from analysis.report.contents import AskedQuery, rows_digest
from analysis.rows import Rows
from analysis.saved_query import bind

QUESTIONS_MAX = 20
# Two at a time: planning a query keeps one core busy, however many there are.
_ASKED_AT_ONCE = 2

Record = TypeVar("Record")


@dataclass(slots=True)
class Questions:
    """What is asked with, and what was asked so far. `said` is as it was given, `shared` bound."""

    store: Asking
    name: DeploymentName
    shared: dict[str, object]
    on_progress: Callable[[int, int], None]
    asked: list[AskedQuery] = field(default_factory=list)
    answered: int = 0

    @classmethod
    def about(
        cls,
        store: Asking,
        name: DeploymentName,
        given: Mapping[str, str],
        on_progress: Callable[[int, int], None],
    ) -> "Questions":
        """Questions about one deployment; raises ParameterError for a value not of its type."""
        said = {"service_name": name.service, "service_version": name.version, **given}
        return cls(store, name, bind(store.catalog["comparison"], said), on_progress)

    def ask(self, query_name: str, **own: str) -> Rows:
        """The rows of a query about the deployment; `own` are parameters of this query only."""
        return self._rows(query_name, {**self.shared, **own}, own)

    def ask_all(self, asked: Sequence[tuple[str, Mapping[str, str]]]) -> list[Rows]:
        """The rows of several queries about the deployment, each with parameters of its own."""

        def rows(one: tuple[str, Mapping[str, str]]) -> Rows:
            return self.store.rows(one[0], {**self.shared, **one[1]})

        with ThreadPoolExecutor(_ASKED_AT_ONCE, thread_name_prefix="deploylens-report") as pool:
            answers = zip(asked, pool.map(rows, asked), strict=True)
            return [self._noted(name, own, answer) for (name, own), answer in answers]

    def find_alone(self, query_name: str, record_class: type[Record], **own: str) -> list[Record]:
        """The records of a query that does not take the shared parameters."""
        return self._rows(query_name, own, own).records(record_class)

    def shared_text(self) -> dict[str, str]:
        """The shared parameters as people write them, those that were worked out left out."""
        texts = {name: value_text(value) for name, value in self.shared.items()}
        return {name: text for name, text in texts.items() if text is not None}

    def progress(self) -> None:
        """Tells that one more question was answered."""
        self.answered += 1
        self.on_progress(self.answered, QUESTIONS_MAX)

    def _rows(self, query_name: str, values: Mapping[str, object], own: Mapping[str, str]) -> Rows:
        return self._noted(query_name, own, self.store.rows(query_name, values))

    def _noted(self, query_name: str, own: Mapping[str, str], rows: Rows) -> Rows:
        self.asked.append(AskedQuery(query_name, own, len(rows), rows_digest(rows)))
        self.progress()
        return rows
