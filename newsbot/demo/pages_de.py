"""How the three German publishers lay out a page.

In: a `Page`, its texts escaped.
Out: a whole HTML document.
Menus, consent notices, boxes and comments are there on purpose: the extractor has to
tell them from the article.
"""

from string import Template
from typing import Final

from newsbot.demo.page import Page

# An old content management system: tables, font tags, upper-case comments.
_ABENDKURIER: Final = Template(
    """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN"
 "http://www.w3.org/TR/html4/loose.dtd">
<html lang="de">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<title>$title | Abendkurier</title>
<meta name="description" content="$teaser">
<meta name="author" content="$author">
<meta name="date" content="$published_iso">
<meta name="generator" content="RedaktionsManager 4.7">
<link rel="canonical" href="$url">
<link rel="alternate" type="application/rss+xml" title="Abendkurier"
 href="/abendkurier/feed.xml">
<style type="text/css">
body { font-family: Verdana, Arial, sans-serif; background: #dde3ea; }
td.navi a { display: block; padding: 3px 6px; font-size: 11px; }
.klein { font-size: 10px; color: #666666; }
#cookiehinweis { background: #ffffcc; border: 1px solid #cccc99; padding: 8px; }
</style>
</head>
<body bgcolor="#dde3ea" topmargin="0">
<div id="cookiehinweis">Diese Seite setzt Cookies ein. Mit der weiteren Nutzung
 stimmen Sie dem zu. <a href="/abendkurier/datenschutz.html">Mehr erfahren</a>
 <input type="button" value="Verstanden"></div>
<table width="980" align="center" cellpadding="0" cellspacing="0" border="0"
 bgcolor="#ffffff">
<tr><td colspan="3" height="90">
<a href="/abendkurier/"><font size="6" color="#7a0c0c"><b>Abendkurier</b></font></a>
<span class="klein">Nachrichten aus Stadt, Land und Welt</span>
</td></tr>
<tr><td colspan="3" bgcolor="#7a0c0c"><font color="#ffffff" size="1">
<a href="/abendkurier/">Startseite</a> | <a href="/abendkurier/lokales/">Lokales</a> |
<a href="/abendkurier/wirtschaft/">Wirtschaft</a> |
<a href="/abendkurier/sport/">Sport</a> | <a href="/abendkurier/wetter/">Wetter</a> |
<a href="/abendkurier/anzeigen/">Anzeigenmarkt</a> |
<a href="/abendkurier/epaper/">E-Paper</a></font></td></tr>
<tr>
<!-- NAVIGATION LINKS -->
<td class="navi" width="160" valign="top" bgcolor="#f0f0f0">
<a href="/abendkurier/abo/">Abo bestellen</a>
<a href="/abendkurier/abo/urlaub/">Zustellung unterbrechen</a>
<a href="/abendkurier/trauer/">Traueranzeigen</a>
<a href="/abendkurier/kino/">Kinoprogramm</a>
<a href="/abendkurier/apotheken/">Notdienst der Apotheken</a>
<a href="/abendkurier/leserbrief/">Leserbrief schreiben</a>
</td>
<!-- ARTIKEL ANFANG -->
<td width="600" valign="top" style="padding: 12px">
<h1>$title</h1>
<div class="klein">Von $author &middot; $published_text</div>
<div class="articleText" id="artikel">
$paragraphs
$hidden
</div>
<div class="klein"><a href="javascript:window.print()">Artikel drucken</a> |
<a href="/abendkurier/empfehlen/">Artikel empfehlen</a> |
<a href="/abendkurier/leserbrief/">Leserbrief</a></div>
</td>
<!-- ARTIKEL ENDE -->
<td width="220" valign="top" bgcolor="#f7f2ea" class="sidebar">
<table width="100%" cellpadding="4"><tr><th align="left">Meistgelesen</th></tr>
$teasers
</table>
<table width="100%" cellpadding="4"><tr><th align="left">Wetter</th></tr>
<tr><td class="klein">Heute: 3 Grad, Schneeregen</td></tr>
<tr><td class="klein">Morgen: 1 Grad, bedeckt</td></tr></table>
<table width="100%" cellpadding="4"><tr><th align="left">Frage der Woche</th></tr>
<tr><td class="klein">Soll der Weihnachtsmarkt l&auml;nger &ouml;ffnen?<br>
<input type="radio" name="f">Ja <input type="radio" name="f">Nein
<input type="submit" value="Abstimmen"></td></tr></table>
</td>
</tr>
<tr><td colspan="3" align="center" class="klein">
<a href="/abendkurier/impressum.html">Impressum</a> |
<a href="/abendkurier/datenschutz.html">Datenschutz</a> |
<a href="/abendkurier/agb.html">AGB</a> | &copy; Abendkurier Verlagsgesellschaft.
 Alle Rechte vorbehalten. Nachdruck nur mit Genehmigung.</td></tr>
</table>
</body>
</html>
"""
)

# Semantic HTML5: article, header, time, aside, a comment section.
_RECHENBLATT: Final = Template(
    """<!doctype html>
<html lang="de">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title - Rechenblatt</title>
<meta name="description" content="$teaser">
<meta property="og:type" content="article">
<meta property="og:site_name" content="Rechenblatt">
<meta property="og:title" content="$title">
<meta property="og:url" content="$url">
<meta property="article:published_time" content="$published_iso">
<link rel="canonical" href="$url">
<link rel="alternate" type="application/atom+xml" href="/rechenblatt/feed.xml">
<script type="application/ld+json">$json_ld</script>
<style>:root { --accent: #0a6; } body { max-width: 72rem; margin: auto; }</style>
</head>
<body>
<a class="skip-link" href="#inhalt">Zum Inhalt springen</a>
<header class="site-header">
<a href="/rechenblatt/" class="logo">Rechenblatt</a>
<p>Technik, nachgerechnet</p>
<nav aria-label="Hauptmen&uuml;"><ul>
<li><a href="/rechenblatt/hardware/">Hardware</a></li>
<li><a href="/rechenblatt/software/">Software</a></li>
<li><a href="/rechenblatt/ki/">K&uuml;nstliche Intelligenz</a></li>
<li><a href="/rechenblatt/cloud/">Cloud</a></li>
<li><a href="/rechenblatt/tests/">Tests</a></li>
<li><a href="/rechenblatt/abo/">Abo</a></li>
</ul></nav>
</header>
<main id="inhalt">
<article>
<header>
<h1>$title</h1>
<p class="byline">Von <a rel="author" href="/rechenblatt/team/">$author</a>,
<time datetime="$published_iso">$published_text</time></p>
</header>
<figure>
<img src="/rechenblatt/bild/rechenzentrum.jpg" alt="" width="1200" height="630">
<figcaption>Symbolbild (Foto: Rechenblatt-Archiv)</figcaption>
</figure>
$paragraphs
$hidden
<footer class="article-footer">
<ul class="tags"><li><a href="/rechenblatt/tag/cloud/">Cloud</a></li>
<li><a href="/rechenblatt/tag/ki/">KI</a></li></ul>
</footer>
</article>
<aside class="newsletter">
<h2>Der Freitags&uuml;berschlag</h2>
<p>Einmal pro Woche die f&uuml;nf wichtigsten Zahlen der Technikwelt. Kostenlos und
 jederzeit abbestellbar.</p>
<form action="/rechenblatt/newsletter/" method="post">
<label>E-Mail <input type="email" name="email"></label>
<button>Anmelden</button></form>
</aside>
<section class="related" aria-labelledby="mehr">
<h2 id="mehr">Mehr zum Thema</h2>
$teasers
</section>
<section id="comments" class="comments">
<h2>3 Kommentare</h2>
<div class="comment"><h3>bitschubser</h3><p>Und wer zahlt am Ende den Strom? Darüber
 schreibt wieder keiner, dabei wäre das die einzige interessante Zahl.</p></div>
<div class="comment"><h3>Frau Holle 3000</h3><p>Mein Cousin arbeitet bei SAP und sagt,
 dass da nächste Woche noch ein Vertrag mit Google über 12 Milliarden kommt.</p></div>
<div class="comment"><h3>ohm_sweet_ohm</h3><p>@bitschubser Steht doch alles im
 Geschäftsbericht, Seite 214. Lesen hilft.</p></div>
<p><a href="/rechenblatt/login/">Anmelden, um zu kommentieren</a></p>
</section>
</main>
<footer class="site-footer">
<nav><a href="/rechenblatt/impressum/">Impressum</a>
<a href="/rechenblatt/datenschutz/">Datenschutz</a>
<a href="/rechenblatt/mediadaten/">Mediadaten</a></nav>
<p>&copy; Rechenblatt. Alle Preise inklusive Mehrwertsteuer.</p>
</footer>
<div id="cmp" role="dialog" aria-modal="true" class="consent"><p>Wir und unsere 184
 Partner verarbeiten Daten, um Inhalte zu messen. Einwilligung jederzeit
 widerrufbar.</p><button>Alle akzeptieren</button><button>Einstellungen</button></div>
</body>
</html>
"""
)

# Layers of div elements with block__element class names.
_HANDELSPOST: Final = Template(
    """<!DOCTYPE html>
<html lang="de-DE" class="no-js">
<head>
<meta charset="UTF-8">
<title>$title</title>
<meta name="description" content="$teaser">
<meta name="robots" content="index,follow,max-image-preview:large">
<meta property="og:title" content="$title">
<meta property="og:description" content="$teaser">
<meta property="og:locale" content="de_DE">
<meta property="og:url" content="$url">
<meta name="twitter:card" content="summary_large_image">
<link rel="canonical" href="$url">
<link rel="alternate" type="application/rss+xml" href="/handelspost/feed.xml">
<script type="application/ld+json">$json_ld</script>
<script>window.dataLayer = window.dataLayer || [];</script>
</head>
<body class="t-light">
<div class="o-wrapper">
<div class="c-consent" id="consent-banner"><div class="c-consent__text">Weiterlesen
 mit Werbung oder im Abo ab 1,99 Euro im Monat. Details finden Sie in der
 Datenschutzerkl&auml;rung.</div><div class="c-button">Zustimmen</div></div>
<div class="c-header"><div class="c-header__logo">
<a href="/handelspost/">Handelspost</a></div><div class="c-header__menu menu">
<div><a href="/handelspost/boerse/">B&ouml;rse</a></div>
<div><a href="/handelspost/firmen/">Unternehmen</a></div>
<div><a href="/handelspost/geld/">Geld</a></div>
<div><a href="/handelspost/politik/">Politik</a></div>
<div><a href="/handelspost/meinung/">Meinung</a></div></div>
<div class="c-ticker">DAX 23.180 -0,6 % &nbsp; EUR/USD 1,1590 &nbsp; Gold 4.071</div>
</div>
<div class="o-grid"><div class="o-grid__main">
<div class="c-article" data-type="news">
<div class="c-article__kicker">Unternehmen</div>
<h1 class="c-article__headline">$title</h1>
<div class="c-article__meta"><div class="c-author">$author</div>
<div class="c-date" data-published="$published_iso">$published_text</div>
<div class="c-share share-buttons"><a href="#">Teilen</a> <a href="#">Merken</a></div>
</div>
<div class="c-article__body">
$paragraphs
$hidden
</div>
<div class="c-article__end"><div class="c-source">Quelle: Handelspost-Redaktion</div>
</div>
</div>
<div class="c-newsletter"><div class="c-newsletter__title">Morgenpost</div>
<div class="c-newsletter__text">Was heute an den M&auml;rkten wichtig wird, um sechs
 Uhr im Postfach.</div><div class="c-button">Jetzt abonnieren</div></div>
<div class="c-related related-articles"><div class="c-related__title">Lesen Sie auch
</div>
$teasers
</div>
</div>
<div class="o-grid__side sidebar"><div class="c-toplist"><div class="c-toplist__title">
Gewinner und Verlierer</div><div>Walhorn Semiconductor +6,1 %</div>
<div>Zentrabank +0,4 %</div><div>Uferland -1,2 %</div></div>
<div class="c-ad advertisement">Anzeige: Tagesgeld mit 2,4 Prozent Zinsen</div></div>
</div>
<div class="c-footer footer"><div><a href="/handelspost/impressum/">Impressum</a>
<a href="/handelspost/agb/">Nutzungsbedingungen</a>
<a href="/handelspost/datenschutz/">Datenschutz</a>
<a href="/handelspost/kontakt/">Kontakt</a></div>
<div>Kursdaten mindestens 15 Minuten verz&ouml;gert. Keine Anlageberatung.</div></div>
</div>
</body>
</html>
"""
)


def abendkurier(page: Page) -> str:
    """Lay out a page as the Abendkurier does: tables and font tags.

    Args:
        page: The article, escaped.

    Returns:
        A whole HTML document.
    """
    return _ABENDKURIER.substitute(
        title=page.title,
        teaser=page.teaser,
        author=page.author,
        url=page.url,
        published_iso=page.published_iso,
        published_text=page.published_text,
        paragraphs="\n".join(f'<p class="text">{text}</p>' for text in page.paragraphs),
        hidden=page.hidden,
        teasers="\n".join(
            f'<tr><td class="klein"><a href="{t.href}">{t.title}</a></td></tr>'
            for t in page.teasers
        ),
    )


def rechenblatt(page: Page) -> str:
    """Lay out a page as Rechenblatt does: semantic elements and comments.

    Args:
        page: The article, escaped.

    Returns:
        A whole HTML document.
    """
    return _RECHENBLATT.substitute(
        title=page.title,
        teaser=page.teaser,
        author=page.author,
        url=page.url,
        published_iso=page.published_iso,
        published_text=page.published_text,
        json_ld=page.json_ld,
        paragraphs="\n".join(f"<p>{text}</p>" for text in page.paragraphs),
        hidden=page.hidden,
        teasers="\n".join(
            f'<article class="teaser"><h3><a href="{t.href}">{t.title}</a></h3>'
            f"<p>{t.text}</p></article>"
            for t in page.teasers
        ),
    )


def handelspost(page: Page) -> str:
    """Lay out a page as the Handelspost does: div elements all the way down.

    Args:
        page: The article, escaped.

    Returns:
        A whole HTML document.
    """
    return _HANDELSPOST.substitute(
        title=page.title,
        teaser=page.teaser,
        author=page.author,
        url=page.url,
        published_iso=page.published_iso,
        published_text=page.published_text,
        json_ld=page.json_ld,
        paragraphs="\n".join(
            f'<div class="c-paragraph">{text}</div>' for text in page.paragraphs
        ),
        hidden=page.hidden,
        teasers="\n".join(
            f'<div class="c-related__item"><a href="{t.href}"><div class="c-related'
            f'__headline">{t.title}</div><div>{t.text}</div></a></div>'
            for t in page.teasers
        ),
    )
