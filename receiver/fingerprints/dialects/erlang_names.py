"""Names of Erlang's and Elixir's functions without what the compilers add to them."""

import re

ANONYMOUS = re.compile(r"anonymous fn/[0-9]++ in ")
# '-place/2-fun-0-', '-place/2-lc$^0/1-0-', '-map/2-lists^map/1-0-', '-place/2-Loop/1-0-'
LIFTED = re.compile(r"-(.+?/[0-9]++)-(fun|lc\$|lbc\$|blc\$|mc\$|inlined|after\$|\w++\^|\w++)")
ARITY = re.compile(r"/[0-9]++\Z")
BRACKETS = {"(": ")", "[": "]", "{": "}", "<<": ">>"}
TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*+"|\'(?:[^\'\\\n]|\\.)*+\'|[\[\](){},]')
ARGUMENTS_READ = 4096


def split_function(name: str) -> tuple[str, str]:
    """The module and `function/arity` of `Shop.Orders.place/2`, `:shop.place(1, 2)`,
    `'Elixir.Shop.Orders':place/2` or `anonymous fn/1 in Shop.Orders.place/2`."""
    anonymous = ANONYMOUS.match(name)
    if anonymous:
        module, function = split_function(name[anonymous.end() :])
        return module, f"{function}.<lambda>"
    module, function = _parts(name)
    return module.strip(":'\"").removeprefix("Elixir."), _plain(function)


def _parts(name: str) -> tuple[str, str]:
    """Where the module ends: at a colon in Erlang, in Elixir at the dot before the function."""
    opened = _arguments_at(name)
    head, arguments = (name[:opened], name[opened:]) if opened >= 0 else (name, "")
    arity = f"/{count_arguments(arguments)}" if arguments else ""
    quoted = head.endswith("'") or head.rpartition("/")[0].endswith("'")
    if ":" in head[1:] and not head.startswith(":"):
        cut = head.find("':") + 1 if head.startswith("'") else head.find(":")
        if cut > 0:
            return head[:cut], head[cut + 1 :] + arity
    start = head.rfind('."') if head.endswith('"') or '"/' in head else -1
    cut = start if start > 0 else _dot(head)
    return ("", head + arity) if cut < 0 or quoted else (head[:cut], head[cut + 1 :] + arity)


def _arguments_at(name: str) -> int:
    """Where the arguments of a call begin; -1 where only their number is written."""
    if ARITY.search(name):
        return -1
    at = name.find("(")
    return at if at > 0 else -1


def _dot(head: str) -> int:
    """The dot before the function, which may itself be one made of dots: `:erlang.+`."""
    match = re.match(r":?[A-Za-z_][\w@]*+(?:\.[A-Z]\w*+)*+\.", head)
    return match.end() - 1 if match else -1


def count_arguments(arguments: str) -> int:
    """How many arguments stand in brackets, whatever is inside them."""
    depth, count, empty = 0, 0, arguments[:2] in ("()", "[]")
    for token in TOKEN.findall(arguments[:ARGUMENTS_READ]):
        if token in "([{":
            depth += 1
        elif token in ")]}":
            depth -= 1
            if not depth:
                break
        elif token == "," and depth == 1:
            count += 1
    return 0 if empty else count + 1


def _plain(function: str) -> str:
    """The function a lambda or a comprehension was written in, and its arity."""
    quote = function[:1] if function[:1] in "'\"" else ""
    if quote:
        name, _, arity = function[1:].rpartition(quote)
        function = name + arity
    if not function.startswith("-"):
        return function
    lifted = LIFTED.match(function)
    if not lifted:
        return ARITY.sub("", function)
    parent, kind = lifted[1], lifted[2]
    if kind == "fun":
        return f"{parent}.<lambda>"
    if kind.endswith(("$", "^")) or kind == "inlined":
        return parent
    return f"{parent}.{kind}"
