"""Labels as gold articles: what people said of deals, in the gold format.

In: labelled deals and the articles that tell of them. Out: JSON Lines that
`newsbot evaluate` reads. Articles of one deal tell one story, also where a person has
merged or split deals.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from newsbot.evaluation.report import deal_fields
from newsbot.types import Article, Finding


def gold_line(
    article: Article,
    findings: Sequence[tuple[Finding, str | None]],
    verdicts: Mapping[str, bool],
) -> str | None:
    """Write one article as a gold line.

    Args:
        article: It tells of at least one labelled deal.
        findings: All its findings, each with the id of its deal.
        verdicts: Whether a deal is one, by its id.

    Returns:
        The line, without its end; None where a deal of the article is not labelled:
        then nobody has said what its deals are.
    """
    deals = []
    for finding, deal_id in findings:
        if deal_id is None or deal_id not in verdicts:
            return None
        if verdicts[deal_id]:
            fields = deal_fields(finding)
            deals.append({"story": deal_id, **fields, "not_parties": []})
    line = {
        "id": article.id,
        "url": article.url,
        "source": article.site,
        "published": article.published_at.isoformat(),
        "language": article.language,
        "title": article.title,
        "text": article.text,
        "deals": deals,
        "note": "labelled by a person; the deal's fields are newsbot's own",
    }
    return json.dumps(line, ensure_ascii=False)


def gold_lines(
    articles: Sequence[tuple[Article, Sequence[tuple[Finding, str | None]]]],
    verdicts: Mapping[str, bool],
) -> Iterator[str]:
    """Write the articles whose every deal was labelled."""
    for article, findings in articles:
        line = gold_line(article, findings, verdicts)
        if line is not None:
            yield line
