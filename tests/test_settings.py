"""Settings: a flag wins over the environment, that over deploylens.toml, that over the default."""

from pathlib import Path

import pytest

from analysis.settings import ConfigurationError, Settings
from receiver.settings import Address


def test_precedence(tmp_path: Path) -> None:
    """Each place is asked in turn, and an empty value counts as not given."""
    flags = {"store": "flag.duckdb"}
    environ = {"DEPLOYLENS_STORE": "environment.duckdb"}
    assert Settings({}, {}, tmp_path).store == Path("deploylens.duckdb")
    (tmp_path / "deploylens.toml").write_text('store = "file.duckdb"')
    assert Settings({}, {}, tmp_path).store == Path("file.duckdb")
    assert Settings({}, {"DEPLOYLENS_STORE": ""}, tmp_path).store == Path("file.duckdb")
    assert Settings({}, environ, tmp_path).store == Path("environment.duckdb")
    assert Settings(flags, environ, tmp_path).store == Path("flag.duckdb")


def test_every_setting_can_stand_in_the_file(tmp_path: Path) -> None:
    """Addresses stand under [serve]; folders are a list; `off` is no address."""
    (tmp_path / "deploylens.toml").write_text(
        'queries = ["a", "b"]\nformat = "json"\n'
        '[serve]\ngrpc = "[::1]:1"\nhttp = "h:2"\napi = "off"\n'
    )
    settings = Settings({}, {}, tmp_path)
    assert settings.query_folders == [Path("a"), Path("b")]
    assert settings.format == "json"
    assert settings.address("grpc") == Address("::1", 1)
    assert settings.address("http") == Address("h", 2)
    assert settings.address_or_off("api") is None


def test_defaults_are_those_of_otlp(tmp_path: Path) -> None:
    """Without settings it listens on loopback, where exporters send by default."""
    settings = Settings({}, {}, tmp_path)
    assert str(settings.address("grpc")) == "127.0.0.1:4317"
    assert str(settings.address("http")) == "127.0.0.1:4318"
    assert str(settings.address_or_off("api")) == "127.0.0.1:4319"
    assert settings.format == "table"
    assert settings.query_folders == []


def test_limits_of_messages(tmp_path: Path) -> None:
    """The limits of requests and answers are sizes; the defaults are those that OTLP recommends."""
    settings = Settings({}, {}, tmp_path)
    assert settings.message_bytes("max_request_bytes") == 64 * 2**20
    assert settings.message_bytes("max_response_bytes") == 4 * 2**20
    environ = {"DEPLOYLENS_MAX_REQUEST_BYTES": "20MB", "DEPLOYLENS_MAX_RESPONSE_BYTES": "1KiB"}
    (tmp_path / "deploylens.toml").write_text('[serve]\nmax_request_bytes = "8 MiB"\n')
    assert Settings({}, {}, tmp_path).message_bytes("max_request_bytes") == 8 * 2**20
    assert Settings({}, environ, tmp_path).message_bytes("max_request_bytes") == 20_000_000
    assert Settings({}, environ, tmp_path).message_bytes("max_response_bytes") == 1024


def test_cors_origins(tmp_path: Path) -> None:
    """Origins are repeated flags, a list in the file, or separated by commas; none by default."""
    assert Settings({}, {}, tmp_path).cors_origins == ()
    (tmp_path / "deploylens.toml").write_text('[serve]\ncors_origins = ["https://*.a.com", "*"]\n')
    assert Settings({}, {}, tmp_path).cors_origins == ("https://*.a.com", "*")
    environ = {"DEPLOYLENS_CORS_ORIGINS": "https://A.com, http://b.com:80,"}
    assert Settings({}, environ, tmp_path).cors_origins == ("https://a.com", "http://b.com:80")
    flags = {"cors_origin": ("https://c.com", "https://d.com")}
    assert Settings(flags, environ, tmp_path).cors_origins == ("https://c.com", "https://d.com")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("DEPLOYLENS_MAX_REQUEST_BYTES", "64", ""),
        ("DEPLOYLENS_MAX_REQUEST_BYTES", "20G", "'20G' is not a size in bytes"),
        ("DEPLOYLENS_MAX_REQUEST_BYTES", "2GiB", "'2GiB'. A message has at most 1GiB"),
        ("DEPLOYLENS_MAX_RESPONSE_BYTES", "0", "'0' is no size"),
        ("DEPLOYLENS_CORS_ORIGINS", "https://a.com,b.com", "'b.com' is not an origin"),
    ],
)
def test_wrong_limits_and_origins(tmp_path: Path, variable: str, value: str, said: str) -> None:
    """A size or origin that cannot be used is refused with where it was read."""
    settings = Settings({}, {variable: value}, tmp_path)
    if not said:
        assert settings.message_bytes("max_request_bytes") == int(value)
        return
    with pytest.raises(ConfigurationError) as raised:
        _ = (
            settings.message_bytes("max_request_bytes"),
            settings.message_bytes("max_response_bytes"),
            settings.cors_origins,
        )
    assert said in str(raised.value)
    assert variable in str(raised.value)


def test_folders_in_the_environment_are_a_path_list(tmp_path: Path) -> None:
    """DEPLOYLENS_QUERIES is written like PATH."""
    settings = Settings({}, {"DEPLOYLENS_QUERIES": "a::b"}, tmp_path)
    assert settings.query_folders == [Path("a"), Path("b")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("store = 5", "store is 5, which is not a text"),
        ('stor = "x"', "unknown key 'stor'. Did you mean 'store'?"),
        ("[serve]\ngrcp = 'x'", "unknown key 'serve.grcp'. Did you mean 'serve.grpc'?"),
        ("queries = [1]", "queries is [1], which is not a list of texts"),
        ("store = ", "cannot be read"),
        ("store = '\udcff'", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, content: str, said: str) -> None:
    """The error names the file and the key."""
    (tmp_path / "deploylens.toml").write_text(content, errors="surrogateescape")
    with pytest.raises(ConfigurationError) as raised:
        Settings({}, {}, tmp_path)
    assert said in str(raised.value)
    assert "deploylens.toml" in str(raised.value)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("DEPLOYLENS_FORMAT", "jsn", "DEPLOYLENS_FORMAT is 'jsn'. Did you mean 'json'?"),
        ("DEPLOYLENS_GRPC", "4317", "DEPLOYLENS_GRPC: '4317' is not HOST:PORT"),
    ],
)
def test_a_wrong_value_says_where_it_was_read(
    tmp_path: Path, variable: str, value: str, said: str
) -> None:
    """An error about a setting names the variable, flag or key that holds it."""
    settings = Settings({}, {variable: value}, tmp_path)
    with pytest.raises(ConfigurationError) as raised:
        _ = settings.format, settings.address("grpc")
    assert said in str(raised.value)


def test_what_is_kept(tmp_path: Path) -> None:
    """Everything is kept by default; an age and a size can be set."""
    assert Settings({}, {}, tmp_path).retention_s is None
    assert Settings({}, {}, tmp_path).disk_bytes_max is None
    (tmp_path / "deploylens.toml").write_text('[serve]\nretention = "14d"\nmax_disk = "20GB"\n')
    settings = Settings({}, {"DEPLOYLENS_RETENTION": "1.5h"}, tmp_path)
    assert (settings.retention_s, settings.disk_bytes_max) == (5400, 20_000_000_000)


@pytest.mark.parametrize("text", ["0d", "-1d", "14", "14 days", "1y", "30min", "59 min", "nan d"])
def test_ages_that_are_refused(tmp_path: Path, text: str) -> None:
    """A retention is a number and a unit, and at least an hour."""
    with pytest.raises(ConfigurationError, match=f"--retention.*{text}"):
        _ = Settings({"retention": text}, {}, tmp_path).retention_s


@pytest.mark.parametrize("text", ["0", "999MB", "20 gigabytes", "1e9"])
def test_sizes_that_are_refused(tmp_path: Path, text: str) -> None:
    """The limit of the disk is a size of at least 1 GB."""
    with pytest.raises(ConfigurationError, match=f"--max-disk.*{text}"):
        _ = Settings({"max_disk": text}, {}, tmp_path).disk_bytes_max
