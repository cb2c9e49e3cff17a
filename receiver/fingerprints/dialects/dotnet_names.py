"""Names of .NET's methods without what the compilers of C#, F# and Visual Basic add to them."""

import re

# A name the compiler makes has what people wrote in angle brackets. Numbers are an order.
REWRITES = (
    # type parameters that Ben.Demystifier and explicit interfaces show, and arity: List`1
    (re.compile(r"`[0-9]++"), ""),
    # C#: a file's own type, and the program without a class
    (re.compile(r"(?<=[.+])<\w*+>F[0-9A-F]{16,64}__"), ""),
    (re.compile(r"<(Main|Clone)>\$"), r"\1"),
    # C# and Mono: the class that holds a closure's variables
    (re.compile(r"[.+]<>c(?:__\w++)?(?:<[^<>\n]*+>)?(?=[.+])"), ""),
    # C#: an asynchronous lambda or local function
    (re.compile(r"[.+]<<([^<>\n]*+)>b__\w++>d(?:__\w++)?(?:[.+]MoveNext)?"), r".\1.<lambda>"),
    (re.compile(r"[.+]<<([^<>\n]*+)>g__(\w++)\|\w++>d(?:__\w++)?(?:[.+]MoveNext)?"), r".\1.\2"),
    # Mono: an asynchronous method, an iterator, a closure
    (re.compile(r"[.+]<([^<>\n]++)>c__(?:async|Iterator)\w*+(?:[.+]MoveNext)?"), r".\1"),
    (re.compile(r"[.+]<([^<>\n]++)>c__\w++"), r".\1"),
    # C#: an asynchronous method or an iterator, a local function, a lambda
    (re.compile(r"[.+]<([^<>\n]++)>d(?:__\w++)?(?:[.+]MoveNext)?"), r".\1"),
    (re.compile(r"[.+]<([^<>\n]*+)>g__(\w++)\|[0-9_]++"), r".\1.\2"),
    (re.compile(r"[.+]<([^<>\n]++)>[bm]__\w++"), r".\1.<lambda>"),
    (re.compile(r"[.+]<>m__\w++"), ".<lambda>"),
    (re.compile(r"(?<=[.+])<Main>(?=\Z)"), "Main"),
    # Visual Basic: state machines, closures, lambdas
    (re.compile(r"[.+]VB\$StateMachine_[0-9]++_(\w++)(?:[.+]MoveNext)?"), r".\1"),
    (re.compile(r"[.+]_Closure\$__[0-9-]*+"), ""),
    (re.compile(r"[.+]_Lambda\$__[0-9A-Z-]++"), ".<lambda>"),
    # F#: closures are classes named after a function and the line it stands in
    (re.compile(r"[.+]clo@[0-9-]++(?:[.+]\w++)?"), ".<lambda>"),
    (re.compile(r"(?:\$cont)?@[0-9-]++(?:[.+](?:Invoke|(?:Move|Generate)Next)\b)?"), ""),
    # code that is compiled while the program runs is numbered
    (re.compile(r"\blambda_method[0-9]++"), "lambda_method"),
)  # fmt: skip
GENERATED = re.compile(r"[<`$@]|lambda_method")
# Unity's and Mono's `Outer/Inner`, the runtime's `Outer+Inner`.
NESTED = str.maketrans("+/", "..")


def split_name(name: str) -> tuple[str, str]:
    """The class with its namespace, and the method, as people wrote them.

    `Shop.Cart.<PlaceAsync>d__12.MoveNext` is `Shop.Cart` and `PlaceAsync`, as it is where the
    runtime says so itself. Tools that make stacks readable write a type before the name: dropped.
    """
    if "[" in name:
        name = _without_brackets(name)
    new = name.startswith("new ")
    name = name.rstrip().rpartition(" ")[2]
    if GENERATED.search(name):
        for pattern, replacement in REWRITES:
            name = pattern.sub(replacement, name)
    if new:
        return name.translate(NESTED), "ctor"
    module, _, function = name.rpartition(".")
    return module.rstrip(".").translate(NESTED).lstrip("."), function


def _without_brackets(name: str) -> str:
    """`Get[TKey]` and ``List`1[[System.Int32, mscorlib]]`` without the type arguments."""
    kept, depth = [], 0
    for piece in re.split(r"([\[\]])", name):
        if piece == "[":
            depth += 1
        elif piece == "]":
            depth = max(0, depth - 1)
        elif not depth:
            kept.append(piece)
    return "".join(kept)
