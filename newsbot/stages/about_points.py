"""What else does an article plainly state: sources, silence, prices, what is open?

In: the reading of an article. Out: statements, each proven by the article's own words.
"""

from __future__ import annotations

from newsbot.stages.about_words import Names, load_topics
from newsbot.stages.reading import Reading
from newsbot.vocabulary import Language


def find_points(reading: Reading) -> list[Names]:
    """List what an article's body states as main clauses, what says most first.

    Args:
        reading: The article; at most one of its words proves a clause by itself.
    """
    own: Language = "de" if reading.article.language == "de" else "en"
    body = " ".join(reading.article.text.split())
    return [
        point.named for point in load_topics().points if point.words[own].search(body)
    ]
