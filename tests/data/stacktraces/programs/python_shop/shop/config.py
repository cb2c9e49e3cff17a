"""Settings, from a dictionary."""


class ConfigError(Exception):
    """A setting is missing or wrong."""


def read_setting(settings, name):
    return settings[name]


def connect(settings):
    try:
        return read_setting(settings, "DATABASE_URL")
    except KeyError as missing:
        raise ConfigError("no connection without settings") from missing


def connect_by_port(settings):
    try:
        return int(settings["PORT"])
    except ValueError as wrong:
        raise ConfigError("no connection without settings") from wrong


def connect_quietly(settings):
    try:
        return read_setting(settings, "DATABASE_URL")
    except KeyError:
        raise ConfigError("no connection without settings") from None


def parse_port(settings):
    try:
        return int(settings["PORT"])
    except ValueError:
        return settings["FALLBACK_PORT"]


def timeout(settings):
    return read_setting(settings, "TIMEOUT")


def region(settings):
    return read_setting(settings, "REGION")
