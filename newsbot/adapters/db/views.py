"""Views for people who read the ledger with SQL; newsbot itself uses none of them.

They open the JSON that rows keep: one row per deal, party, source, figure, judgement.
"""

from __future__ import annotations

#: A finding's sum as people write it: "up to 10 bn USD".
_FIGURE = """
    CASE json_extract(amount.value, '$.bound')
        WHEN 'up_to' THEN 'up to ' WHEN 'at_least' THEN 'at least '
        WHEN 'about' THEN 'about ' ELSE '' END
    || CASE
        WHEN CAST(json_extract(amount.value, '$.value') AS REAL) >= 1e9 THEN
            rtrim(rtrim(printf('%.3f',
                CAST(json_extract(amount.value, '$.value') AS REAL) / 1e9), '0'), '.')
            || ' bn '
        WHEN CAST(json_extract(amount.value, '$.value') AS REAL) >= 1e6 THEN
            rtrim(rtrim(printf('%.3f',
                CAST(json_extract(amount.value, '$.value') AS REAL) / 1e6), '0'), '.')
            || ' m '
        ELSE json_extract(amount.value, '$.value') || ' ' END
    || json_extract(amount.value, '$.currency')
"""

VIEWS: tuple[str, ...] = (
    f"""
CREATE VIEW deal_figures AS
SELECT
    findings.deal_id AS deal,
    substr(articles.published_at, 1, 10) AS published,
    articles.site AS publisher,
    articles.language AS language,
    {_FIGURE} AS figure,
    CAST(json_extract(amount.value, '$.value') AS REAL) AS value,
    json_extract(amount.value, '$.currency') AS currency,
    json_extract(amount.value, '$.kind') AS kind,
    json_extract(amount.value, '$.bound') AS bound,
    json_extract(amount.value, '$.payer') AS payer,
    substr(articles.title || char(10) || char(10) || articles.text,
        json_extract(amount.value, '$.quote.start') + 1,
        json_extract(amount.value, '$.quote.end')
        - json_extract(amount.value, '$.quote.start')) AS quote,
    articles.url AS url,
    articles.id AS article
FROM findings
JOIN articles ON articles.id = findings.article_id
JOIN json_each(findings.document, '$.amounts') AS amount
WHERE findings.deal_id IS NOT NULL
""",
    """
CREATE VIEW deal_overview AS
SELECT
    deals.id AS deal,
    substr(deals.first_seen_at, 1, 10) AS first_seen,
    substr(deals.last_seen_at, 1, 10) AS last_seen,
    substr(deals.first_seen_at, 1, 7) AS month,
    deals.status AS status,
    (SELECT json_group_array(json_extract(party.value, '$[0]'))
        FROM json_each(deals.parties) AS party) AS parties,
    deals.types AS types,
    (SELECT group_concat(figure, ', ')
        FROM (SELECT DISTINCT figure FROM deal_figures
            WHERE deal_figures.deal = deals.id ORDER BY value DESC)) AS figures,
    (SELECT count(*) FROM findings WHERE findings.deal_id = deals.id) AS articles,
    (SELECT count(DISTINCT articles.site) FROM findings
        JOIN articles ON articles.id = findings.article_id
        WHERE findings.deal_id = deals.id) AS publishers
FROM deals
""",
    """
CREATE VIEW deal_roles AS
SELECT
    deals.id AS deal,
    substr(deals.first_seen_at, 1, 10) AS first_seen,
    substr(deals.first_seen_at, 1, 7) AS month,
    deals.status AS status,
    deals.types AS types,
    json_extract(party.value, '$[0]') AS party,
    json_extract(party.value, '$[1]') AS roles
FROM deals
JOIN json_each(deals.parties) AS party
""",
    """
CREATE VIEW deal_sources AS
SELECT
    findings.deal_id AS deal,
    substr(articles.published_at, 1, 16) AS published,
    articles.site AS publisher,
    articles.language AS language,
    json_extract(findings.document, '$.status') AS status,
    articles.title AS title,
    articles.url AS url,
    findings.verdict AS verdict,
    findings.reason AS reason,
    articles.id AS article
FROM findings
JOIN articles ON articles.id = findings.article_id
WHERE findings.deal_id IS NOT NULL
""",
    """
CREATE VIEW judgements AS
SELECT
    substr(articles.published_at, 1, 10) AS published,
    articles.site AS publisher,
    articles.language AS language,
    articles.title AS title,
    round(assessments.probability, 4) AS probability,
    assessments.threshold AS threshold,
    round(assessments.probability - assessments.threshold, 4) AS distance,
    CASE WHEN assessments.probability >= assessments.threshold
        THEN 'deal' ELSE 'no deal' END AS verdict,
    assessments.words AS words,
    assessments.assessor AS assessor,
    articles.url AS url,
    articles.id AS article
FROM assessments
JOIN articles ON articles.id = assessments.article_id
""",
)
