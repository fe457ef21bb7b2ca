"""The bot's commands: what follows each, and what it does, in German and English."""

from __future__ import annotations

from newsbot.stages.bot_texts import literal, say
from newsbot.vocabulary import LANGUAGES, Language

#: What follows a command where German has another word for it.
_GERMAN = {
    "[@channel]": "[@kanal]",
    "[...|off]": "[...|aus]",
    "HH:MM|off": "HH:MM|aus",
    "ADDRESS|off": "ADRESSE|aus",
    "22-07|off": "22-07|aus",
    "8h|off": "8h|aus",
    "WORDS": "WÖRTER",
}
#: Per command: what follows it, English, German.
_HELP: dict[str, tuple[str, str, str]] = {
    "start": ("", "begin", "beginnen"),
    "help": ("", "list the commands", "Befehle nennen"),
    "deals": ("[7d]", "latest deals", "neueste Abkommen"),
    "deal": ("ID", "one deal with its quotes", "ein Abkommen mit Zitaten"),
    "sub": ("[@channel]", "subscribe this chat", "diesen Chat anmelden"),
    "unsub": ("[@channel]", "unsubscribe", "abmelden"),
    "list": ("", "your subscriptions and settings", "Abonnements und Einstellungen"),
    "filter": ("[...|off]", "choose which deals arrive", "Abkommen auswählen"),
    "lang": ("de|en", "language of the alerts", "Sprache der Meldungen"),
    "digest": ("HH:MM|off", "digest, daily or not", "Übersicht, täglich oder nicht"),
    "email": ("ADDRESS [instant]|off", "digest by mail", "Übersicht per Mail"),
    "quiet": ("22-07|off", "quiet hours", "Ruhezeit"),
    "mute": ("8h|off", "silent for a while", "eine Weile still"),
    "pause": ("", "stop until /resume", "anhalten bis /resume"),
    "resume": ("", "go on", "weiter"),
    "search": ("WORDS", "search the articles", "Artikel durchsuchen"),
    "why": ("ID", "why something is a deal", "warum es ein Abkommen ist"),
    "timezone": ("Europe/Berlin", "your time zone", "deine Zeitzone"),
    "export": ("", "all deals as a CSV file", "alle Abkommen als CSV-Datei"),
    "stop": ("", "delete my data", "meine Daten löschen"),
    "stats": ("", "figures of this bot", "Zahlen zu diesem Bot"),
    "feeds": ("", "feeds and their errors", "Feeds und ihre Fehler"),
    "health": ("", "what has to be mended", "was zu tun ist"),
    "test": ("URL", "is this article a deal?", "ist dieser Artikel ein Deal?"),
    "broadcast": ("TEXT", "tell every subscriber", "allen Abonnenten sagen"),
}
#: Those of the people who run the bot.
MANAGER_COMMANDS = ("stats", "feeds", "health", "test", "broadcast")
COMMANDS = tuple(_HELP)
#: Texts that ask for words, and the command that a reply to one is read as.
_PROMPTS = {
    "search how": "search",
    "email how": "email",
    "test how": "test",
    "broadcast how": "broadcast",
}


def describe(command: str, language: Language) -> str:
    """Say what a command does, for menus."""
    return _HELP[command][2 if language == "de" else 1]


def help_lines(commands: tuple[str, ...], language: Language) -> str:
    """List commands with what follows them."""
    lines = []
    for name in commands:
        follows = _HELP[name][0]
        if language == "de":
            follows = _GERMAN.get(follows, follows)
        shown = f"/{name} {literal(follows)}".rstrip()
        lines.append(f"{shown} – {describe(name, language)}")
    return "\n".join(lines)


def answered(prompt: str) -> str | None:
    """Name the command whose words a reply to a text of ours is; None for no such.

    >>> answered("Bitte: /search Oracle KI")
    'search'
    """
    for key, command in _PROMPTS.items():
        if prompt.strip() in {say(key, language) for language in LANGUAGES}:
            return command
    return None
