"""Real certificates in files: an authority, what it signs, and the wrong ones."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import trustme

from receiver.settings import TlsFiles

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pair:
    """The PEM files of a certificate and its key."""

    certificate: Path
    key: Path

    def replace_with(self, other: "Pair") -> None:
        """Puts the content of another pair into these files, as a renewal does."""
        for mine, theirs in ((self.key, other.key), (self.certificate, other.certificate)):
            mine.write_bytes(theirs.read_bytes())


class Authority:
    """An authority of its own, whose certificate is in the file `ca`."""

    def __init__(self, folder: Path, name: str) -> None:
        """Writes into the folder; the name begins every file."""
        self._folder, self._name = folder, name
        self._ca = trustme.CA()
        self.ca = folder / f"{name}-ca.pem"
        self._ca.cert_pem.write_to_path(self.ca)

    def issue(self, name: str, not_after: datetime | None = None) -> Pair:
        """A certificate for loopback and its key."""
        issued = self._ca.issue_cert("localhost", "127.0.0.1", not_after=not_after)
        pair = Pair(
            self._folder / f"{self._name}-{name}.pem", self._folder / f"{self._name}-{name}.key"
        )
        pair.certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(pair.key)
        return pair


def tls_files(pair: Pair, client_ca: Path | None = None) -> TlsFiles:
    """The files of a receiver that shows this pair."""
    return TlsFiles(pair.certificate, pair.key, client_ca)
