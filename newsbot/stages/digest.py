"""The day on one page: deals first, then what else was read.

In: deals with their articles, and summaries. Out: HTML that needs no network,
no script and no image; every fact with its quote and link.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from newsbot.stages.lines import web_url
from newsbot.types import Alert, Article, Summary
from newsbot.vocabulary import Language

_WORDS: dict[Language, dict[str, str]] = {
    "en": {"title": "AI-cloud deals", "none": "No deals.", "more": "Also noticed"},
    "de": {
        "title": "KI-Cloud-Abkommen",
        "none": "Keine Abkommen.",
        "more": "Außerdem gelesen",
    },
}
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto;
  padding: 0 1rem; color-scheme: light dark; }
section { border: 1px solid #8886; border-radius: 8px; padding: 0 1rem;
  margin: 1rem 0; }
p { overflow-wrap: anywhere; } small { opacity: .75; }
blockquote { border-left: 3px solid #8886; margin: .5rem 0; padding-left: .75rem; }
"""


def render_digest(
    alerts: Sequence[Alert],
    summaries: Sequence[Summary],
    articles: Mapping[str, Article],
    *,
    day: str,
    language: Language,
) -> str:
    """Write the digest page.

    Args:
        alerts: The deals' messages, their HTML already escaped by `compose`.
        summaries: Of the other articles that were read.
        articles: The summaries' articles by id.
        day: The day, as it is shown.
        language: The reader's.

    Returns:
        A whole HTML document.
    """
    words = _WORDS[language]
    title = f"{words['title']}, {day}"
    deals = [f"<section><p>{_lines(alert.html)}</p></section>" for alert in alerts] or [
        f"<p>{words['none']}</p>"
    ]
    others = [_other(summary, articles[summary.article_id]) for summary in summaries]
    more = [f"<h2>{words['more']}</h2>", *others] if others else []
    body = "\n".join([f"<h1>{html.escape(title)}</h1>", *deals, *more])
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _lines(message: str) -> str:
    """A chat message's line ends become the page's; not those around a quote."""
    broken = message.replace("\n", "<br>\n")
    return broken.replace("</blockquote><br>", "</blockquote>")


def _other(summary: Summary, article: Article) -> str:
    heading = html.escape(article.title)
    if (url := web_url(article.url)) is not None:
        heading = f'<a href="{html.escape(url)}">{heading}</a>'
    return (
        f'<p lang="{summary.language}"><b>{heading}</b><br>'
        f"{html.escape(summary.text)}<br><small>{html.escape(article.site)}</small></p>"
    )
