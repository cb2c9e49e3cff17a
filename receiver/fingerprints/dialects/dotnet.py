"""Stacks as .NET's `Exception.ToString` writes them, of .NET, .NET Framework, Mono and Unity."""

import re
from collections.abc import Iterable
from itertools import islice

from receiver.fingerprints.dialects.bounds import EXCEPTIONS_MAX, LINES_MAX
from receiver.fingerprints.dialects.dotnet_names import split_name
from receiver.fingerprints.frame import Frame, Raised, distinct_frames

LIBRARIES = (
    "System.", "Microsoft.", "Internal.", "Interop.", "Mono.", "Windows.", "MS.Internal.",
    "lambda_method", "DynamicClass.", "Castle.", "Autofac.", "Newtonsoft.", "Grpc.", "Google.",
    "OpenTelemetry.", "Npgsql.", "MySql.", "MySqlConnector.", "Oracle.", "MongoDB.", "Dapper.",
    "NHibernate.", "StackExchange.", "RabbitMQ.", "Confluent.", "MassTransit.", "MediatR.",
    "Polly.", "AutoMapper.", "FluentValidation.", "Hangfire.", "Quartz.", "Serilog.", "NLog.",
    "log4net.", "Amazon.", "Azure.", "RestSharp.", "Refit.", "Swashbuckle.", "Orleans.",
    "Akka.", "Xunit.", "NUnit.", "HotChocolate.", "GreenDonut.", "NServiceBus.", "Rebus.",
    "Wolverine.", "Marten.", "Nest.", "Elasticsearch.", "Elastic.", "StackifyLib.", "Sentry.",
    "Datadog.", "NewRelic.", "Ocelot.", "Yarp.", "IdentityServer4.", "Duende.", "ServiceStack.",
    "LinqToDB.", "Unity.", "UnityEngine.", "UnityEditor.", "Cysharp.", "Giraffe.", "Saturn.",
    "<StartupCode$FSharp-Core>", "FSharp.Core.",
)  # fmt: skip

# The word for "at" is in the language of the machine: bei, à, en, в, в, 場所, 在, w, em.
AT = (
    r"(?:at|bei|bij|in|en|em|w|v|vid|ved|kohteessa|a következő helyen:|konum:"
    r"|[^\s\x00-\x7f]{1,4}:?)"
)
# Mono writes a space before the arguments; Unity writes the place in brackets and no "at".
FRAME = re.compile(
    rf"\n[ \t]++{AT} ([^\n(]++)\(([^\n]*+)"
    r"|\n([\w.+<>`|$:]++) ?\(([^\n()]*+\) \(at [^\n():]++:[0-9]++\))"
)
# Indented, in whatever language; what is not indented tells of a stack that was carried on.
END_OF_CAUSE = re.compile(
    r"\n[ \t]++--- (?!End of stack trace from)[^\n]*+|\n--- End of inner exception[^\n]*+"
)
# Exceptions of the system and of databases have a code after their class: (0x80004005), (111).
CODE = r"(?: \([^\s()]{1,64}+\)(?=[:\n]|\Z))?"
CAUSE = re.compile(rf" ?---> ([A-Za-z_][\w.`+]*+){CODE}(?=[:\n]|\Z)(?:: ?)?([^\n]*+)")
# Further exceptions of an AggregateException follow its own stack.
FURTHER = re.compile(r"---> \(Inner Exception #[0-9]++\) (?=[A-Za-z_])")
TYPE = re.compile(
    r"\s*+(?:Unhandled [Ee]xception(?:\.|:)\s++)?"
    rf"([A-Za-z_][\w.`+]*+){CODE}(?=[:\s]|\Z)(?:: ?)?([^\n]*+)"
)
LINE = re.compile(r"(?:[^\s:]{1,12} )?([0-9]{1,9})\.?\s*+(?:<---)?\s*+\Z")


def read(text: str) -> list[Raised]:
    """The exception, its inner exceptions, then the further ones of an aggregate.

    The text names the types from the outside in, and writes the frames from the inside out. Of the
    further exceptions of an aggregate each kind counts once, in the order of their names: how many
    tasks failed, and which first, is chance.
    """
    first, *further = [_chain(exception) for exception in FURTHER.split(text)[:EXCEPTIONS_MAX]]
    if not any(raised.frames for chain in (first, *further) for raised in chain):
        return []
    seen = {raised[:2] for raised in first}
    rest: dict[tuple[str | None, tuple[Frame, ...]], Raised] = {}
    for chain in sorted(further, key=_names):
        for raised in chain:
            if raised[:2] not in seen:
                rest.setdefault(raised[:2], raised)
    return [*first, *rest.values()]


def _chain(exception: str) -> list[Raised]:
    *inner, outer = END_OF_CAUSE.split(exception)[-EXCEPTIONS_MAX:]
    named = TYPE.match(exception)
    heads = [
        (named[1], named[2]) if named else (None, ""),
        *CAUSE.findall(exception)[:EXCEPTIONS_MAX],
    ]
    frames = [_frames(section) for section in (outer, *reversed(inner))]
    heads += [(None, "")] * (len(frames) - len(heads))
    frames += [()] * (len(heads) - len(frames))
    return [
        Raised(name, lines, message.partition(" ---> ")[0].strip() or None)
        for (name, message), lines in zip(heads, frames, strict=True)
    ]


def _names(chain: list[Raised]) -> list[tuple[str, list[str]]]:
    return [(raised.type or "", [frame.name for frame in raised.frames]) for raised in chain]


def _frames(section: str) -> tuple[Frame, ...]:
    return distinct_frames(_each_frame(section))


def _each_frame(section: str) -> Iterable[Frame]:
    # A recursion to the limit writes one line thousands of times.
    for name, rest, unity, place in islice(dict.fromkeys(FRAME.findall(section)), LINES_MAX):
        written = (name or unity.replace(":", ".")).rstrip()
        module, function = split_name(written)
        if not function:
            continue
        library = written.startswith(LIBRARIES)
        file, line = _place(rest or place)
        yield Frame(module, function, not library, _reason(written, library), file, line)


def _reason(name: str, library: bool) -> str:
    if not library:
        return "no namespace of the list of libraries"
    return f"namespace {name.partition('.')[0]} is a library"


def _place(rest: str) -> tuple[str | None, int | None]:
    """The file and line after the arguments: `) in /src/Order.cs:line 12`, ` in F.cs:12`, `:0`."""
    at = rest.find(") ")
    if at < 0:
        return None, None
    file, colon, number = rest[at + 2 :].rstrip(") \t").rpartition(":")
    line = LINE.match(number) if colon else None
    if not line or "<" in file:  # Mono without debug information: in <hash of the assembly>:0
        return None, None
    if file.startswith("["):  # Mono: [0x00081] in /src/Order.cs
        file = file.partition("] ")[2]
    word, _, file = file.lstrip("(").partition(" ")
    return (file or word), int(line[1])
