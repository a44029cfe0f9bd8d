"""A report as JSON, Markdown or one page of HTML.

A report is what JSON can hold: `title`, `facts` (by name), `insights` (each with `level`,
`priority`, `group`, `text`, `chart`), `charts` (each with a `title`) and `failures`.
"""

import json
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from workflows.common.charts import sparkline, svg_of

type Report = Mapping[str, Any]

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color-scheme: light dark; }
article { border-left: .3rem solid #9aa5b1; padding: .2rem 1rem; margin: 1rem 0; }
article.HIGH { border-color: #c0392b; } article.MEDIUM { border-color: #d9a21f; }
small { opacity: .75; } dt { float: left; clear: left; width: 10rem; opacity: .75; }
"""


def as_json(report: Report) -> str:
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def as_markdown(report: Report) -> str:
    lines = [f"# {_md(report['title'])}", ""]
    lines += [f"- {name}: {_md(_said(value))}" for name, value in report["facts"].items()]
    for one in report.get("insights", []):
        lines += ["", f"## {one['level']} {one['priority']}: {_md(one['group'])}", ""]
        lines += [
            _md(one["text"]),
            "",
            _evidence(one),
            "",
            f"    {sparkline(one['chart']['values'])}",
        ]
    for chart in report.get("charts", []):
        lines += ["", f"## {_md(chart['title'])}", "", f"    {sparkline(chart['values'])}"]
    if failures := report.get("failures"):
        lines += ["", "## What failed", ""]
        lines += [f"- {_md(one['group'])}: {one['kind']}: {_md(one['error'])}" for one in failures]
    return "\n".join(lines) + "\n"


def as_html(report: Report) -> str:
    """A document that needs nothing else: charts are part of it, and it runs no script."""
    title = escape(report["title"])
    facts = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(_said(value))}</dd>"
        for name, value in report["facts"].items()
    )
    parts = [f"<h1>{title}</h1><dl>{facts}</dl>"]
    for one in report.get("insights", []):
        head = f"{one['level']} {one['priority']} · {one['group']}"
        parts.append(
            f'<article class="{escape(one["level"])}"><h2>{escape(head)}</h2>'
            f"<p>{escape(one['text'])}</p>{svg_of(one['chart'], one['text'])}"
            f"<p><small>{escape(_evidence(one))}</small></p></article>"
        )
    for chart in report.get("charts", []):
        parts.append(f"<h2>{escape(chart['title'])}</h2>{svg_of(chart, chart['title'])}")
    if failures := report.get("failures"):
        told = (f"{one['group']}: {one['kind']}: {one['error']}" for one in failures)
        items = "".join(f"<li>{escape(one)}</li>" for one in told)
        parts.append(f"<h2>What failed</h2><ul>{items}</ul>")
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
        f"<style>{STYLE}</style>{''.join(parts)}</html>\n"
    )


FORMATS: dict[str, tuple[str, Callable[[Report], str]]] = {
    "json": ("application/json", as_json),
    "markdown": ("text/markdown; charset=utf-8", as_markdown),
    "html": ("text/html; charset=utf-8", as_html),
}
"""The media type and the function of each format."""


def writer_of(output_format: str) -> Callable[[Report], str]:
    """What writes a report in this format. Raises ValueError for one that there is not."""
    if output_format not in FORMATS:
        raise ValueError(
            f"output_format must be one of {', '.join(FORMATS)}, got {output_format!r}."
        )
    return FORMATS[output_format][1]


def _evidence(one: Mapping[str, Any]) -> str:
    return (
        f"{one['kind']}, effect {one['effect']:.2f}, p {one['p_value']:.2g}, "
        f"{one['q_value']:.2g} among all that was looked at"
    )


def _said(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _md(text: str) -> str:
    """Not taken for markup."""
    return "".join("\\" + one if one in "\\`*_[]<>#|" else one for one in text)
