"""The tables of `deploylens.toml` that have no flags: what each of their keys is."""

_TARGET = {
    "name": "What it is called in the log and the store. Default: made of its address.",
    "url": "Where to send; `url_env` or `url_file` name where it is read when it is a secret.",
    "url_env": "The variable that holds the address.",
    "url_file": "The file that holds the address.",
    "events": "Which events to tell of. Default: all.",
    "services": "Globs of the services to tell of. Default: all.",
    "environments": "Globs of the environments to tell of. Default: all.",
    "ca_file": "PEM authority of its certificate, besides the usual ones.",
}
TABLES = {
    "[exceptions]": (
        "How exceptions are grouped; [exceptions](../exceptions.md) explains it.",
        {
            "in_app": "A list of globs: modules or files that are your code.",
            "not_in_app": "A list of globs: modules or files that are not.",
            "keys": "Rules as `[[exceptions.keys]]`; the first that matches names the group.",
        },
    ),
    "[[exceptions.keys]]": (
        "Each rule has a key and at least one thing to match.",
        {
            "key": "The name of the group; placeholders in braces stand for what was recorded.",
            "type": "A glob of the exception's type.",
            "message": "A glob of its message.",
            "frame": "A glob of a frame in its stack trace.",
        },
    ),
    "[report.redact]": (
        "What `report --redact` keeps; [templates](../templates.md) explains it.",
        {
            "keep": "A list of kinds of names that stay as they are, as `endpoints`.",
            "names": "A table: a name, and what it is called outside.",
        },
    ),
    "[repository]": (
        "The checkout that suspects are looked for in; [suspects](../suspects.md) explains it.",
        {
            "path": "The checkout, as `--repo` names it.",
            "codeowners": "`github` or `gitlab`. Default: told by where the file lies.",
            "mappings": "Paths of stack traces, as `[[repository.mappings]]`.",
        },
    ),
    "[[repository.mappings]]": (
        "The first mapping that fits a path is used.",
        {
            "from": "How the paths in stack traces begin.",
            "to": "The folder of the repository they lie in; empty for its top.",
            "service": "A glob of the services it is for. Default: all.",
        },
    ),
    "[[webhooks]]": (
        "Where `serve` tells what happens; [webhooks](../webhooks.md) explains it.",
        _TARGET
        | {
            "secret_env": "The variable with the secret that signs each call.",
            "secret_file": "The file with that secret.",
            "template": "The file of a template for the body. Default: JSON.",
            "content_type": "The type of the body. Default: `application/json`.",
            "headers": "A table of headers to send.",
            "headers_env": "A table of headers whose values are read from these variables.",
        },
    ),
    "[grafana]": (
        "The Grafana that gets an annotation for each event.",
        _TARGET
        | {
            "token_env": "The variable with the token of a service account.",
            "token_file": "The file with that token.",
            "dashboard_uid": "The dashboard to annotate. Default: all of the organisation.",
            "tags": "A list of tags besides ours.",
        },
    ),
}
