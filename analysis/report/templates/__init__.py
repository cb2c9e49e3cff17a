"""Reports from Jinja2 templates: those that are shipped, and the user's own."""

from analysis.report.templates.rendering import rendered, template_named

__all__ = ["rendered", "template_named"]
