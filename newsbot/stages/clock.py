"""What time is it for a server that answered?

In: the headers of its answer. Out: the time, or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

#: How far two clocks may be apart: `Date` has whole seconds, and an answer travels for
#: some. Beyond the second one, digests come at a wrong hour and waits are misread.
OFF = timedelta(seconds=60)
FAR_OFF = timedelta(minutes=10)


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """Read what time it is for the server that answered.

    Args:
        headers: Of an answer, by small names. One out of a cache was made some time
            ago, and says by `Age` how long (RFC 9111, 4.2.3).

    Returns:
        Aware; None where it says none that can be read.

    >>> server_time({"date": "Sun, 06 Nov 1994 08:49:37 GMT", "age": "23"})
    datetime.datetime(1994, 11, 6, 8, 50, tzinfo=datetime.timezone.utc)
    """
    try:
        date = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, OverflowError):
        return None
    if date.tzinfo is None:  # "-0000": the time of UTC, but of no zone
        date = date.replace(tzinfo=UTC)
    age = headers.get("age", "").strip()
    # Longer than ten years is no age but a mistake.
    seconds = int(age) if age.isascii() and age.isdigit() and len(age) < 9 else 0
    try:
        return date.astimezone(UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return None
