"""The SVG that matplotlib writes, made fit to stand beside others in one page.

Only tags are touched, never the text between them: in XML a `<` in text is always escaped.
"""

import re

_TAG = re.compile(r"<[^<>]+>")
_ID = re.compile(r' id="([^"]*)"')
_REFERENCE = re.compile(r'(href="|url\()#([^")]+)')
_STYLE = re.compile(r"\s*<style type=\"text/css\">[^<]*</style>")
_ROOT = re.compile(r"\s*<svg[^<>]*>")
_FONTS = re.compile(r"font-family: [^;\"]+")
_FONT_SHORT = "font-family: sans-serif"
_BACKGROUND = re.compile(r'\s*<g id="patch_1">\s*<path [^<>]*/>\s*</g>')
_TURNED_BY_NOTHING = re.compile(r' transform="rotate\(-?0 [^"]*\)"')
_GROUP_WITHOUT_MEANING = re.compile(r"<g>\s*</g>")


def body(document: str, name: str, *, background: bool) -> str:
    """What is within the `svg` element, and its end. Ids begin with `name`; those that nothing
    points at are left out, and so is the background unless it is wanted."""
    text = document[document.index("<svg") :]
    text = _ROOT.sub("", _STYLE.sub("", text), count=1)
    if not background:
        text = _BACKGROUND.sub("", text, count=1)
    used = {found[2] for tag in _TAG.findall(text) for found in _REFERENCE.finditer(tag)}

    def tidy(found: re.Match[str]) -> str:
        tag = _ID.sub(lambda one: f' id="{name}-{one[1]}"' if one[1] in used else "", found[0])
        tag = _REFERENCE.sub(lambda one: f"{one[1]}#{name}-{one[2]}", tag)
        return _TURNED_BY_NOTHING.sub("", _FONTS.sub(_FONT_SHORT, tag))

    return _GROUP_WITHOUT_MEANING.sub("", _TAG.sub(tidy, text)).strip()


def recoloured(text: str, colours: dict[str, str]) -> str:
    """The same with other colours in the styles of its elements: `{"#ffffff": "var(--paper)"}`."""
    wanted = re.compile("|".join(re.escape(colour) for colour in colours))
    style = re.compile(r'style="[^"]*"')

    def tag(found: re.Match[str]) -> str:
        return style.sub(lambda one: wanted.sub(lambda c: colours[c[0]], one[0]), found[0])

    return _TAG.sub(tag, text)
