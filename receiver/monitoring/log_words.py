"""The words that settings of the log are made of; free of imports, for every command loads them."""

LOG_FORMATS = ("text", "json")
LOG_LEVELS = ("debug", "info", "warning", "error")
