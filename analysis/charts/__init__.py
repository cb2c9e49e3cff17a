"""The charts of a report: the same drawing as SVG for the page and as SVG and PNG files."""

import logging

# Its warnings are about its cache of fonts, with which a reader of a report can do nothing.
logging.getLogger("matplotlib").setLevel(logging.ERROR)
