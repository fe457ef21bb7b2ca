"""Archives made by tests: records, pages and the lines of a real backfill."""

from __future__ import annotations

import gzip
import json
import sqlite3

from commands import here

#: A config whose model is a server that is nowhere: nothing heavy is loaded.
CONFIG = '[model]\npreset = "server"\nname = "none"\n'
DEAL = (
    "Anthropic hat mit Nvidia eine Vereinbarung über Rechenleistung in der Cloud "
    "geschlossen. Der Vertrag hat einen Wert von 30 Milliarden US-Dollar, teilten "
    "beide Unternehmen am Montag in San Francisco mit. Die Kapazität wird in neuen "
    "Rechenzentren bereitgestellt, die im nächsten Jahr in Betrieb gehen sollen. "
    "Analysten hatten mit einer kleineren Summe gerechnet, wie sie sagten."
)
WEATHER = (
    "Der Regen hört in Hamburg auch am Sonntag nicht auf, sagen die Meteorologen. "
    "Am Nachmittag soll es an der Küste stürmisch werden, und am Abend ziehen von "
    "Westen her weitere Wolken über das Land. Erst in der nächsten Woche wird es "
    "freundlicher, dann steigen die Temperaturen langsam wieder an, und die Sonne "
    "zeigt sich an manchen Orten für einige Stunden zwischen den Wolken."
)
FRENCH = (
    "La pluie continue de tomber sur la ville de Lyon ce dimanche, selon les "
    "météorologues. Dans l'après-midi, le vent soufflera plus fort sur la côte, et "
    "le soir de nouveaux nuages arriveront de l'ouest du pays. La semaine prochaine "
    "sera plus agréable, avec des températures qui remontent peu à peu."
)


def page(number, text=WEATHER, day="2024-05-03"):
    """A page of a paper, with its date in its head."""
    return (
        f"<html><head><title>Meldung Nummer {number}</title><meta "
        f'property="article:published_time" content="{day}T08:00:00Z"></head><body>'
        f"<article><h1>Meldung Nummer {number}</h1><p>{text}</p>"
        f"<p>Mehr dazu steht in der Ausgabe {number} dieser Zeitung.</p></article>"
        "</body></html>"
    ).encode()


def record(url, body, *, length=None, kind="response", heads="", status="200 OK"):
    """One WARC record; *length* is what it says of itself, right or wrong."""
    http = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n{heads}\r\n"
    ).encode() + body
    said = len(http) if length is None else length
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\n"
        "WARC-Date: 2024-05-04T00:00:00Z\r\n"
        f"WARC-Record-ID: <urn:uuid:{len(url):08x}-0000-4000-8000-{len(body):012x}>\r\n"
        "Content-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {said}\r\n\r\n"
    ).encode()
    return head + http + b"\r\n\r\n"


def story(number, text=WEATHER, day="2024-05-03"):
    """A record of an ordinary page."""
    return record(f"https://zeitung.example/{number}", page(number, text, day))


def packed(*records):
    """Records as a WARC.gz has them: a gzip member each."""
    return b"".join(gzip.compress(one) for one in records)


def backfill(folder, *arguments, command=here, **changes):
    """Run `newsbot backfill ... --json`; the figures, and what became of the command."""
    config = folder / "config.toml"
    if not config.exists():
        config.write_text(CONFIG, encoding="utf-8")
    done = command(
        folder, "--config", config, "backfill", *arguments, "--json", **changes
    )
    assert "Traceback" not in done.err, done.err
    assert done.out, done
    line = done.out.splitlines()[-1]
    figures = json.loads(line)
    assert line == json.dumps(figures, ensure_ascii=False)
    assert list(figures) == [
        *("documents", "kept", "duplicates", "skipped", "failed"),
        *("deals", "seconds"),
    ]
    fates = (figures[name] for name in ("kept", "duplicates", "skipped", "failed"))
    assert figures["documents"] == sum(fates), figures
    return figures, done


def fates(figures):
    """Kept, duplicates, skipped, failed."""
    return tuple(figures[n] for n in ("kept", "duplicates", "skipped", "failed"))


def rows(folder, query):
    """What a query finds in the ledger, which is whole."""
    with sqlite3.connect(folder / "newsbot.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        return db.execute(query).fetchall()


def listing(folder):
    """Every file below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
