"""The metrics of a running receiver, read as Prometheus reads them."""

from collections.abc import Iterable

import httpx
from prometheus_client.parser import text_string_to_metric_families

Key = tuple[str, frozenset[tuple[str, str]]]


class Scrape:
    """The samples of one answer of `/metrics`."""

    def __init__(self, text: str) -> None:
        """Parses the text; it must be whole."""
        self.families = list(text_string_to_metric_families(text))
        self._samples: dict[Key, float] = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families
            for sample in family.samples
        }

    def total(self, name: str, **labels: str) -> float:
        """The sum of the samples of this name that have these labels."""
        wanted = set(labels.items())
        return sum(
            value
            for (found, has), value in self._samples.items()
            if found == f"deploylens_{name}" and wanted <= has
        )

    def names(self) -> Iterable[str]:
        """The names of all metrics, counters with `_total`."""
        for family in self.families:
            yield f"{family.name}_total" if family.type == "counter" else family.name


def scrape(address: object) -> Scrape:
    """What the receiver counts now; the address is HOST:PORT of OTLP/HTTP or of the local API."""
    response = httpx.get(f"http://{address}/metrics")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    return Scrape(response.text)
