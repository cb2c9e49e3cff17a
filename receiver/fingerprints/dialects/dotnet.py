"""Stacks as .NET's `Exception.ToString` writes them, of .NET, .NET Framework and Mono."""

import re

from receiver.fingerprints.frame import Frame, Raised

LIBRARIES = (
    "System.", "Microsoft.", "Internal.", "Interop.", "Mono.", "Windows.", "MS.Internal.",
    "lambda_method", "DynamicClass.", "Castle.", "Autofac.", "Newtonsoft.", "Grpc.", "Google.",
    "OpenTelemetry.", "Npgsql.", "MySql.", "MySqlConnector.", "Oracle.", "MongoDB.", "Dapper.",
    "NHibernate.", "StackExchange.", "RabbitMQ.", "Confluent.", "MassTransit.", "MediatR.",
    "Polly.", "AutoMapper.", "FluentValidation.", "Hangfire.", "Quartz.", "Serilog.", "NLog.",
    "log4net.", "Amazon.", "Azure.", "RestSharp.", "Refit.", "Swashbuckle.", "Orleans.",
    "Akka.", "Xunit.", "NUnit.",
)  # fmt: skip

FRAME = re.compile(r"\n[ \t]++at ([^\n(]++)\(")
END_OF_CAUSE = re.compile(r"\n[ \t]*+--- End of inner exception stack trace ---")
CAUSE = re.compile(r"---> ([A-Za-z_][\w.`+]*+)")
# Further exceptions of an AggregateException follow its own stack.
FURTHER = re.compile(r"---> \(Inner Exception #[0-9]++\) (?=[A-Za-z_])")
TYPE = re.compile(r"\s*+(?:Unhandled exception\. )?([A-Za-z_][\w.`+]*+)")

# Names the C# and F# compilers make, and what people wrote in their place. Numbers are an order.
REWRITES = (
    (re.compile(r"`[0-9]++|\[[^\[\]\n]*+\]"), ""),
    (re.compile(r"\[[^\[\]\n]*+\]"), ""),
    (re.compile(r"[.+]<>c(?:__\w++)?(?:<[^<>\n]*+>)?(?=[.+])"), ""),
    (re.compile(r"[.+]<<(\w++)>b__\w++>d(?:__\w++)?(?:\.MoveNext)?"), r".\1.<lambda>"),
    (re.compile(r"[.+]<(\w++)>c__\w++"), r".\1"),
    (re.compile(r"[.+]<(\w++)>d(?:__\w++)?(?:\.MoveNext)?"), r".\1"),
    (re.compile(r"[.+]<(\w*+)>g__(\w++)\|[0-9_]++"), r".\1.\2"),
    (re.compile(r"[.+]<(\w++)>b__\w++"), r".\1.<lambda>"),
    (re.compile(r"[.+]<>m__\w++"), ".<lambda>"),
)  # fmt: skip


def read(text: str) -> list[Raised]:
    """The exception, its inner exceptions, then the further ones of an aggregate.

    The text names the types from the outside in, and writes the frames from the inside out.
    """
    chain: list[Raised] = []
    for exception in FURTHER.split(text):
        *inner, outer = END_OF_CAUSE.split(exception)
        named = TYPE.match(exception)
        types = [named[1] if named else None, *CAUSE.findall(exception)]
        frames = [_frames(section) for section in (outer, *reversed(inner))]
        types += [None] * (len(frames) - len(types))
        chain += map(Raised, types, frames)
    return chain if any(raised.frames for raised in chain) else []


def _frames(section: str) -> tuple[Frame, ...]:
    return tuple(dict.fromkeys(map(_frame, dict.fromkeys(FRAME.findall(section)))))


def _frame(name: str) -> Frame:
    name = name.rstrip()
    if "<" in name or "`" in name or "[" in name:
        for pattern, replacement in REWRITES:
            name = pattern.sub(replacement, name)
    module, _, function = name.rpartition(".")
    return Frame(module.rstrip("."), function, not name.startswith(LIBRARIES))
