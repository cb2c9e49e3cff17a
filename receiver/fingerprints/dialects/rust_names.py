"""Names of Rust's functions without type arguments, hashes and the closures within them."""

import re

# `{{closure}}`, `{closure#0}`, `{closure_env#1}`, `{async_fn_env#0}`, `{{vtable.shim}}`: an async
# function's body is a closure, and the optimiser moves a closure's body into its function.
BRACED = re.compile(r"(?:::)?\{{1,2}[^{}\n]*+\}{1,2}")
SYMBOL_HASH = re.compile(r"::h[0-9a-f]{16}(?=\Z| )")
CRATE_HASH = re.compile(r"(?<=\w)\[[0-9a-f]{6,16}\]")
CRATE = re.compile(r"(?<![\w:])[A-Za-z_]\w*+(?=(?:\[[0-9a-f]{6,16}\])?::)")
LIFETIME = re.compile(r"(?<=[&<])'\w++ ")
ANGLE = re.compile(r"(::<|->|<|>)")


def crate_of(name: str) -> str | None:
    """The crate a function is of: for `<shop::Item as core::ops::Drop>::drop` that of the type.

    Where the type is of the standard library and the trait is not, that of the trait:
    `<alloc::vec::Vec<T> as shop::Priced>::price` was written in `shop`. None where it has none.
    """
    if name.startswith("_ZN"):
        name = demangled(name)
    if not name.startswith("<"):
        crate = CRATE.match(name)
        return crate[0] if crate else None
    kind, trait = _sides(name)
    own = CRATE.search(kind)
    if trait and (own is None or own[0] in ("core", "alloc", "std")):
        other = CRATE.match(trait)
        own = other or own
    return own[0] if own else None


def is_closure(name: str) -> bool:
    """Whether this is the body of a closure, or of an asynchronous function."""
    return "{" in name


def split_name(name: str) -> tuple[str, str]:
    """The module or type, and the function.

    `shop::total::<Vec<Item>>::{{closure}}` is `shop` and `total`; of `<shop::Item as
    shop::Priced>::price` the type and the trait stay.
    """
    if name.startswith("_ZN"):
        name = demangled(name)
    name = SYMBOL_HASH.sub("", name)
    if "{" in name:
        name = BRACED.sub("", name)
    if "[" in name:
        name = CRATE_HASH.sub("", name)
    name = without_arguments(LIFETIME.sub("", name) if "'" in name else name)
    module, _, function = name.rpartition("::")
    if ">" in function:  # a trait's path within <A as b::C> is no module
        return "", name
    return module, function


def demangled(name: str) -> str:
    """A symbol of the older mangling, `_ZN4shop4main17h0123456789abcdefE`, as a path."""
    parts: list[str] = []
    at = 3
    while at < len(name) and name[at].isdecimal() and len(parts) < 100:
        end = at
        while end < len(name) and end - at < 4 and name[end].isdecimal():
            end += 1
        length = int(name[at:end])
        parts.append(name[end : end + length])
        at = end + length
    return "::".join(parts) if parts else name


def without_arguments(name: str) -> str:
    """`shop::total::<Vec<Item>>` and `drop_in_place<Item>` without what is in angle brackets; of
    `<Cart<T> as Priced<U>>` and `<impl Priced for Cart<T>>` only the inner ones go."""
    if "<" not in name:
        return name
    pieces = ANGLE.split(name)
    kept: list[str] = []
    depth, open_kept = 0, 0
    for at, piece in enumerate(pieces):
        opens = piece in ("<", "::<")
        if depth:
            depth += opens - (piece == ">")
        elif opens and ((at == 1 and not pieces[0]) or pieces[at + 1].startswith("impl ")):
            open_kept += 1
            kept.append(piece)
        elif opens:
            depth = 1
        elif piece != ">":
            kept.append(piece)
        elif open_kept:
            open_kept -= 1
            kept.append(piece)
    return "".join(kept)


def _sides(name: str) -> tuple[str, str]:
    """`shop::Item` and `core::ops::Drop` of `<shop::Item as core::ops::Drop>::drop`."""
    depth = 0
    for match in ANGLE.finditer(name):
        depth += (match[0] in ("::<", "<")) - (match[0] == ">")
        if not depth:
            inside = without_arguments(name[1 : match.start()])
            kind, _, trait = inside.partition(" as ")
            return kind, trait
    return name[1:], ""
