"""The six invented publishers of the demo site.

In: an article and its neighbours.
Out: the HTML page as that publisher would serve it.
Each has its own template, as six real sites would: the extractor must earn its keep.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from newsbot.demo.material import DemoArticle
from newsbot.demo.page import Page, build_page
from newsbot.demo.pages_de import abendkurier, handelspost, rechenblatt
from newsbot.demo.pages_en import circuitwire, harbour_ledger, rackline

FeedFormat = Literal["rss", "atom"]

#: Pointers to other articles on each page.
N_TEASERS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """A publisher that exists only on the demo site."""

    #: First part of every path it serves.
    slug: str
    name: str
    #: Its own line under the name, also the feed's description.
    motto: str
    #: Reserved domain, used for ids that must not depend on the port.
    domain: str
    #: ISO 639-1 code.
    language: str
    feed_format: FeedFormat
    #: Bylines; an article keeps its own.
    authors: tuple[str, ...]
    #: Turns a prepared page into a whole HTML document.
    template: Callable[[Page], str]

    @property
    def feed_path(self) -> str:
        """Where its feed lies on the site, with a leading slash."""
        return f"/{self.slug}/feed.xml"

    def author(self, article: DemoArticle) -> str:
        """Who signs an article.

        Args:
            article: One of this publisher's.

        Returns:
            A name; the same article always gets the same one.
        """
        number = int(article.id.rpartition("-")[2])
        return self.authors[number % len(self.authors)]


PUBLISHERS: Final = (
    Publisher(
        slug="abendkurier",
        name="Abendkurier",
        motto="Nachrichten aus Stadt, Land und Welt",
        domain="abendkurier.example.net",
        language="de",
        feed_format="rss",
        authors=("Gerda Haberkorn", "Uwe Sanftleben"),
        template=abendkurier,
    ),
    Publisher(
        slug="rechenblatt",
        name="Rechenblatt",
        motto="Technik, nachgerechnet",
        domain="rechenblatt.example.net",
        language="de",
        feed_format="atom",
        authors=("Miriam Oellers", "Jannik Thoma", "Dilan Akay"),
        template=rechenblatt,
    ),
    Publisher(
        slug="handelspost",
        name="Handelspost",
        motto="Unternehmen und Märkte am Morgen",
        domain="handelspost.example.net",
        language="de",
        feed_format="rss",
        authors=("Konrad Vester", "Sibylle Rauch"),
        template=handelspost,
    ),
    Publisher(
        slug="circuitwire",
        name="Circuit Wire",
        motto="Chips, clouds and the people who plug them in",
        domain="circuitwire.example.org",
        language="en",
        feed_format="atom",
        authors=("Priya Lindqvist", "Owen Marsh"),
        template=circuitwire,
    ),
    Publisher(
        slug="harbour-ledger",
        name="The Harbour Ledger",
        motto="Business and city news since the tide tables",
        domain="harbour-ledger.example.org",
        language="en",
        feed_format="rss",
        authors=("Edwin Stairs", "Fola Adeyinka"),
        template=harbour_ledger,
    ),
    Publisher(
        slug="rackline",
        name="Rackline",
        motto="News for people who run data centres",
        domain="rackline.example.org",
        language="en",
        feed_format="rss",
        authors=("Marit Hoekstra", "Ben Oduya"),
        template=rackline,
    ),
)


def render_article(
    publisher: Publisher,
    article: DemoArticle,
    others: Sequence[DemoArticle],
    *,
    site_url: str,
) -> str:
    """Write the HTML page of one article in its publisher's manner.

    Args:
        publisher: Whose template to use.
        article: The article to show.
        others: Shape (n,): the publisher's articles, newest first; the first
            `N_TEASERS` besides *article* are pointed to.
        site_url: Scheme and authority, e.g. ``"http://127.0.0.1:8000"``.

    Returns:
        A whole HTML document.
    """
    neighbours = [other for other in others if other.id != article.id]
    page = build_page(
        article,
        neighbours[:N_TEASERS],
        site_url=site_url,
        publisher_name=publisher.name,
        author=publisher.author(article),
    )
    return publisher.template(page)
