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
