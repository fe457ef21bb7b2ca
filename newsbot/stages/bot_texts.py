"""Every text of the bot, in German and English, as Telegram HTML.

What is put in comes from people and papers: it arrives as literal text.
"""

from __future__ import annotations

import html

from newsbot.stages.printable import one_line
from newsbot.vocabulary import Language

#: Characters of one value that is put into a text.
MAX_VALUE = 300

#: Per key: English, German.
_TEXTS: dict[str, tuple[str, str]] = {
    "welcome": (
        "Hello! I tell you of every new AI-cloud deal, once, with its quotes.",
        "Hallo! Ich melde jedes neue KI-Cloud-Abkommen, einmal, mit Zitaten.",
    ),
    "commands": (
        "Commands: /help. To end: /unsub, or /stop, which deletes everything.",
        "Befehle: /help. Abmelden: /unsub, oder /stop, das alles löscht.",
    ),
    "subscribed": (
        "Subscribed. From now on new deals arrive here.",
        "Abonniert. Ab jetzt kommen neue Abkommen hier an.",
    ),
    "subscribed to": (
        "Subscribed: new deals now go to {title}. Settings from here: put {target} "
        "behind the command, as in <code>/lang {target} de</code>.",
        "Abonniert: Neue Abkommen gehen jetzt an {title}. Einstellungen von hier: "
        "{target} hinter den Befehl, etwa <code>/lang {target} de</code>.",
    ),
    "too many": (
        "You have {n} subscriptions already; please end one with /unsub first.",
        "Du hast schon {n} Abonnements; bitte zuerst eines mit /unsub beenden.",
    ),
    "already": ("This is subscribed already.", "Das ist schon abonniert."),
    "sample": (
        "For example, the last {n} deals:",
        "Zum Beispiel die letzten {n} Abkommen:",
    ),
    "no sample": (
        "There is no deal yet to show as an example.",
        "Noch gibt es kein Abkommen, das ich als Beispiel zeigen könnte.",
    ),
    "unsubscribed": (
        "Unsubscribed. Nothing more arrives; /sub begins again.",
        "Abgemeldet. Es kommt nichts mehr; /sub beginnt von Neuem.",
    ),
    "configured": (
        "This chat stands in the operator's configuration; it is paused for good "
        "until /resume. Ask the operator to take it out.",
        "Dieser Chat steht in der Konfiguration des Betreibers; er ist pausiert, bis "
        "/resume kommt. Herausnehmen kann ihn der Betreiber.",
    ),
    "not subscribed": (
        "Nothing is subscribed here; /sub subscribes.",
        "Hier ist nichts abonniert; /sub abonniert.",
    ),
    "stranger": (
        "This bot is private. Please ask its operator for an invite.",
        "Dieser Bot ist privat. Bitte den Betreiber um eine Einladung.",
    ),
    "invite bad": (
        "This invite is not valid: used, expired or mistyped. Please ask for a new "
        "one.",
        "Diese Einladung gilt nicht: benutzt, abgelaufen oder vertippt. Bitte um eine "
        "neue.",
    ),
    "admins only": (
        "Only administrators of this chat can change its settings.",
        "Nur Administratoren dieses Chats können Einstellungen ändern.",
    ),
    "not told who": (
        "Telegram does not say just now who is an administrator there; please try "
        "again in a minute.",
        "Telegram sagt gerade nicht, wer dort Administrator ist; bitte in einer Minute "
        "noch einmal.",
    ),
    "not admin there": (
        "You are no administrator of {title}.",
        "Du bist kein Administrator von {title}.",
    ),
    "bot not admin": (
        "I am no administrator of {title} who may post; please make me one, then try "
        "again.",
        "Ich bin in {title} kein Administrator, der schreiben darf; bitte ernennen, "
        "dann noch einmal.",
    ),
    "no such chat": (
        "I cannot find the chat {target}, or may not see it.",
        "Den Chat {target} finde ich nicht, oder ich darf ihn nicht sehen.",
    ),
    "anonymous": (
        "Please subscribe as yourself: I cannot see who you are while you post as "
        "the group.",
        "Bitte abonniere unter eigenem Namen: Wer als Gruppe schreibt, den erkenne ich "
        "nicht.",
    ),
    "private only": (
        "Please ask me that in a private chat.",
        "Bitte frag mich das in einem privaten Chat.",
    ),
    "managers only": (
        "That is for this bot's operators.",
        "Das ist den Betreibern dieses Bots vorbehalten.",
    ),
    "unknown": (
        "I do not know that command; /help lists them.",
        "Diesen Befehl kenne ich nicht; /help nennt alle.",
    ),
    "forged": ("That button is not valid.", "Dieser Knopf gilt nicht."),
    "quota": (
        "That was a lot at once: please wait a minute. Until then I stay silent.",
        "Das war viel auf einmal: bitte eine Minute warten. Bis dahin schweige ich.",
    ),
    "lang": ("Which language?", "Welche Sprache?"),
    "lang set": ("Alerts now come in English.", "Meldungen kommen jetzt auf Deutsch."),
    "lang bad": ("Please: /lang de or /lang en", "Bitte: /lang de oder /lang en"),
    "digest": (
        "Digest at: {value} ({zone})",
        "Übersicht um: {value} ({zone})",
    ),
    "digest bad": (
        "Please: /digest 07:00, /digest 07:00 weekdays (or weekly), or /digest off",
        "Bitte: /digest 07:00, /digest 07:00 werktags (oder montags), oder /digest off",
    ),
    "email": ("Digest by mail to: {value}", "Übersicht per Mail an: {value}"),
    "email how": (
        "Please: /email name@example.org (and instant, for each deal at once)",
        "Bitte: /email name@beispiel.de (und sofort, für jedes Abkommen einzeln)",
    ),
    "button email": ("set an address", "Adresse angeben"),
    "email asking": ("Asking {value} by mail …", "Frage {value} per Mail …"),
    "email set": (
        "A question was mailed to {value}; with its answer, within 7 days, the digest "
        "begins. Send me <code>/email TOKEN</code> with the token from that mail.",
        "An {value} ging eine Frage; mit der Antwort, binnen 7 Tagen, beginnt die "
        "Übersicht. Sende mir <code>/email KENNUNG</code> mit der Kennung aus der "
        "Mail.",
    ),
    "email failed": (
        "The mail server did not take the question: {value}. Please try again later.",
        "Der Mailserver hat die Frage nicht angenommen: {value}. Bitte später noch "
        "einmal.",
    ),
    "email none": (
        "The operator of this bot has not set up mail; nothing was kept.",
        "Der Betreiber dieses Bots hat keine Mail eingerichtet; nichts wurde gemerkt.",
    ),
    "email often": (
        "That was asked too often; please try again tomorrow.",
        "Das wurde zu oft gefragt; bitte morgen noch einmal.",
    ),
    "email confirmed": (
        "Confirmed: the digest goes to {value}, {days} at {at} ({zone}).",
        "Bestätigt: Die Übersicht geht an {value}, {days} um {at} ({zone}).",
    ),
    "token bad": (
        "This token is not known here, was used already, or is too old. /email "
        "name@example.org asks anew.",
        "Diese Kennung ist hier nicht bekannt, schon benutzt oder zu alt. /email "
        "name@example.org fragt neu.",
    ),
    "email bad": (
        "{value} is no mail address. Please: /email name@example.org or /email off",
        "{value} ist keine Mailadresse. Bitte: /email name@example.org oder /email off",
    ),
    "quiet": (
        "Quiet hours: {value} ({zone}). What comes then is sent when they end.",
        "Ruhezeit: {value} ({zone}). Was dann kommt, wird an ihrem Ende gesendet.",
    ),
    "quiet bad": (
        "Please: /quiet 22-07 or /quiet off",
        "Bitte: /quiet 22-07 oder /quiet off",
    ),
    "mute": ("Silent for how long?", "Wie lange still?"),
    "muted": (
        "Silent until {value} ({zone}). Deals of that time are not sent later; /deals "
        "lists them.",
        "Still bis {value} ({zone}). Abkommen aus dieser Zeit kommen nicht nach; "
        "/deals nennt sie.",
    ),
    "unmuted": ("No longer silent.", "Nicht mehr still."),
    "mute bad": (
        "Please: /mute 8h (also 30m, 2d, 1w) or /mute off",
        "Bitte: /mute 8h (auch 30m, 2d, 1w) oder /mute off",
    ),
    "paused": (
        "Paused until /resume. Deals of that time are not sent later; /deals lists "
        "them.",
        "Pause bis /resume. Abkommen aus dieser Zeit kommen nicht nach; /deals nennt "
        "sie.",
    ),
    "resumed": (
        "Resumed: new deals arrive again.",
        "Weiter geht's: Neue Abkommen kommen wieder an.",
    ),
    "timezone": ("Time zone: {value}", "Zeitzone: {value}"),
    "timezone bad": (
        "{value} is no time zone. Please: /timezone Europe/Berlin",
        "{value} ist keine Zeitzone. Bitte: /timezone Europe/Berlin",
    ),
    "filter": ("Filter: <code>{value}</code>", "Filter: <code>{value}</code>"),
    "filter none": (
        "No filter: every deal arrives.",
        "Kein Filter: Jedes Abkommen kommt an.",
    ),
    "filter bad": (
        "I do not understand {value} in a filter; nothing was changed.",
        "{value} verstehe ich in einem Filter nicht; nichts wurde geändert.",
    ),
    "filter how": (
        "To set: <code>/filter party:OpenAI,Nvidia type:investment min:1bn confirmed "
        "lang:de gpu* !rumour</code>. To drop it: /filter off",
        "Setzen: <code>/filter partei:OpenAI,Nvidia typ:investment ab:1Mrd bestätigt "
        "sprache:de gpu* !gerücht</code>. Aufheben: /filter off",
    ),
    "filter would": (
        "Deals of the last 30 days: {n}. Of these it would have let {fit} through.",
        "Abkommen der letzten 30 Tage: {n}. Davon hätte er {fit} durchgelassen.",
    ),
    "filter would newest": (
        "Of the newest {n} of {all} deals of the last 30 days it would have let {fit} "
        "through.",
        "Von den neuesten {n} der {all} Abkommen der letzten 30 Tage hätte er {fit} "
        "durchgelassen.",
    ),
    "deals none": (
        "No deals in that time.",
        "Keine Abkommen in dieser Zeit.",
    ),
    "deals": ("Deals ({n}), newest first:", "Abkommen ({n}), neueste zuerst:"),
    "more": ("… and {n} more", "… und {n} weitere"),
    "deals bad": (
        "Please: /deals 7d (also 12h, or a day such as 2026-03-01)",
        "Bitte: /deals 7d (auch 12h, oder ein Tag wie 2026-03-01)",
    ),
    "deal bad": (
        "I know no deal {value}; /deals lists them.",
        "Ein Abkommen {value} kenne ich nicht; /deals nennt alle.",
    ),
    "deal ambiguous": (
        "{value} is not unique; please type more of it.",
        "{value} ist nicht eindeutig; bitte mehr davon tippen.",
    ),
    "deal which": ("Which deal?", "Welches Abkommen?"),
    "why which": ("Why is which one a deal?", "Warum ist welches ein Abkommen?"),
    "search how": ("Please: /search Oracle data centre", "Bitte: /search Oracle KI"),
    "search none": ("Nothing found.", "Nichts gefunden."),
    "search long": (
        "That is too long to search for; a few words will do.",
        "Das ist zu lang für eine Suche; ein paar Wörter genügen.",
    ),
    "found": ("{n} articles, best first:", "{n} Artikel, beste zuerst:"),
    "why": ("Why {value} counts as a deal:", "Warum {value} als Abkommen gilt:"),
    "why short": (
        "Probability {p}, threshold {t}; words: {words}",
        "Wahrscheinlichkeit {p}, Schwelle {t}; Wörter: {words}",
    ),
    "sources short": ("Sources: {names}", "Quellen: {names}"),
    "why judged": (
        "{site}: probability {p}, threshold {t}; words: {words}",
        "{site}: Wahrscheinlichkeit {p}, Schwelle {t}; Wörter: {words}",
    ),
    "why article": (
        "{title} ({site}): {state}. {reason}",
        "{title} ({site}): {state}. {reason}",
    ),
    "why reason": ("identified: {value}", "zugeordnet: {value}"),
    "sources": ("Sources of {value}:", "Quellen von {value}:"),
    "label yes": ("Noted: a deal.", "Notiert: ein Abkommen."),
    "label no": ("Noted: not a deal.", "Notiert: kein Abkommen."),
    "label dup": ("Noted: a duplicate.", "Notiert: doppelt."),
    "export": ("The ledger, deals: {n}.", "Das Verzeichnis, Abkommen: {n}."),
    "export part": (
        "The ledger: the newest {n} of {all} deals, for a file has its limit. "
        "`newsbot export` writes all.",
        "Das Verzeichnis: die neuesten {n} von {all} Abkommen, denn eine Datei hat "
        "ihre Grenze. `newsbot export` schreibt alle.",
    ),
    "stop sure": (
        "Delete the subscription, its settings, what waits, and your labels?",
        "Abonnement, Einstellungen, Warteschlange und deine Bewertungen löschen?",
    ),
    "button stop": ("Yes, delete everything", "Ja, alles löschen"),
    "button keep": ("No", "Nein"),
    "kept": ("Nothing was deleted.", "Nichts wurde gelöscht."),
    "stopped there": (
        "Deleted: the subscription of {title}, its settings and its queue.",
        "Gelöscht: das Abonnement von {title}, Einstellungen und Warteschlange.",
    ),
    "stopped": (
        "Deleted: subscription, settings, queue and your labels. Goodbye.",
        "Gelöscht: Abonnement, Einstellungen, Warteschlange und deine Bewertungen. "
        "Tschüss.",
    ),
    "list none": ("No subscription of yours.", "Kein Abonnement von dir."),
    "list": ("Subscriptions:", "Abonnements:"),
    "state": (
        "language {told_in}; filter {filter}; quiet {quiet}; digest {digest}; mail "
        "{email}; zone {zone}",
        "Sprache {told_in}; Filter {filter}; Ruhe {quiet}; Übersicht {digest}; Mail "
        "{email}; Zone {zone}",
    ),
    "here": ("this chat", "dieser Chat"),
    "button pause": ("pause", "Pause"),
    "button resume": ("resume", "weiter"),
    "button unsub": ("unsubscribe", "abmelden"),
    "and more": (" and {n} more", " und {n} weitere"),
    "off": ("off", "aus"),
    "none": ("none", "keiner"),
    "instant": ("{value}, each deal at once", "{value}, jedes Abkommen sofort"),
    "unconfirmed": ("{value} (not confirmed)", "{value} (unbestätigt)"),
    "refused": (
        "{value} (refused by its mail server)",
        "{value} (vom Mailserver abgewiesen)",
    ),
    "email ended": ("{value} (ended)", "{value} (beendet)"),
    "is paused": ("paused", "pausiert"),
    "is muted": ("silent until {value}", "still bis {value}"),
    "stats": (
        "{deals} deals, {articles} articles, {feeds} feeds ({failing} failing)\n"
        "{subscriptions} subscriptions, {waiting} messages waiting\n"
        "{labels} labels, {strangers} commands of strangers",
        "{deals} Abkommen, {articles} Artikel, {feeds} Feeds ({failing} mit Fehlern)\n"
        "{subscriptions} Abonnements, {waiting} wartende Meldungen\n"
        "{labels} Bewertungen, {strangers} Befehle von Fremden",
    ),
    "feeds none": ("No feeds.", "Keine Feeds."),
    "feed ok": ("ok", "ok"),
    "test how": (
        "Please: /test https://example.org/article",
        "Bitte: /test https://example.org/artikel",
    ),
    "testing": ("Fetching {value} …", "Hole {value} …"),
    "test failed": ("It did not arrive: {value}", "Kam nicht an: {value}"),
    "test": (
        "<b>{title}</b>\n{site}, {told_in}, {n} characters\nnames: {names}\n",
        "<b>{title}</b>\n{site}, {told_in}, {n} Zeichen\nNamen: {names}\n",
    ),
    "gate stopped": (
        "No deal: kept from the model ({value}).",
        "Kein Deal: dem Modell nicht vorgelegt ({value}).",
    ),
    "test yes": (
        "<b>A deal</b>, probability {probability} (threshold {threshold}); as it "
        "would be told:",
        "<b>Ein Deal</b>, Wahrscheinlichkeit {probability} (Schwelle {threshold}); so "
        "würde er gemeldet:",
    ),
    "test no": (
        "<b>No deal</b>, probability {probability} (threshold {threshold}).",
        "<b>Kein Deal</b>, Wahrscheinlichkeit {probability} (Schwelle {threshold}).",
    ),
    "test nothing": (
        "<b>No deal</b>: the model sees one (probability {probability}, threshold "
        "{threshold}), but no parties that stand in the text.",
        "<b>Kein Deal</b>: Das Modell sieht einen (Wahrscheinlichkeit {probability}, "
        "Schwelle {threshold}), aber keine Parteien, die im Text stehen.",
    ),
    "test no model": (
        "The model cannot be asked: {value}",
        "Das Modell kann nicht gefragt werden: {value}",
    ),
    "broadcast how": ("Please: /broadcast TEXT", "Bitte: /broadcast TEXT"),
    "broadcast": ("{value}", "{value}"),
    "broadcasted": ("On its way to {n} chats.", "Unterwegs an {n} Chats."),
    "button sub": ("Subscribe", "Abonnieren"),
    "button all": ("all", "alle"),
    "button confirmed": ("confirmed only", "nur bestätigte"),
    "failed": (
        "That went wrong; the operator's log says why.",
        "Das ging schief; warum, steht im Protokoll des Betreibers.",
    ),
}


def say(key: str, language: Language, **values: object) -> str:
    """Write one text.

    Args:
        key: Which text.
        language: Of the reader.
        values: Put in as literal text, each on one line.

    >>> say("filter", "en", value="<b>")
    'Filter: <code>&lt;b&gt;</code>'
    """
    text = _TEXTS[key][language == "de"]
    return text.format(**{name: literal(str(value)) for name, value in values.items()})


def literal(text: str, longest: int = MAX_VALUE) -> str:
    """Make a stranger's text one line of literal HTML."""
    return html.escape(one_line(text, longest), quote=False)
