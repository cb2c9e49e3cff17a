"""The icons of the verdicts: seen with the word, and never instead of it."""

from markupsafe import Markup

_OPEN = (
    '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false" fill="none"'
    ' stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">'
)
_SHAPES = {
    "cross": '<circle cx="12" cy="12" r="10"/><path d="M8 8l8 8M16 8l-8 8"/>',
    "wrench": '<circle cx="12" cy="12" r="10"/><path d="M7 12h9M12 8l4 4-4 4"/>',
    "pause": '<path d="M12 2l10.4 19H1.6z"/><path d="M12 9v6M12 18v.2"/>',
    "check": '<circle cx="12" cy="12" r="10"/><path d="M7.5 12.5l3 3 6-6.5"/>',
    "clock": '<circle cx="12" cy="12" r="10"/><path d="M12 6.5V12l4 2.5"/>',
    "elsewhere": '<path d="M12 2l10.4 19H1.6z"/><path d="M9 17l6-6M11 11h4v4"/>',
}
ICONS = {name: Markup(f"{_OPEN}{shape}</svg>") for name, shape in _SHAPES.items()}
