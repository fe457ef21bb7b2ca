"""How the three English publishers lay out a page.

In: a `Page`, its texts escaped.
Out: a whole HTML document.
Menus, consent notices, boxes and comments are there on purpose: the extractor has to
tell them from the article.
"""

from string import Template
from typing import Final

from newsbot.demo.page import Page

# A JavaScript front end rendered on the server: hashed class names, boxes in the text.
_CIRCUITWIRE: Final = Template(
    """<!DOCTYPE html><html lang="en"><head><meta charSet="utf-8"/>
<meta name="viewport" content="width=device-width"/>
<title>$title | Circuit Wire</title>
<meta name="description" content="$teaser"/>
<meta property="og:title" content="$title"/>
<meta property="og:type" content="article"/>
<meta property="og:url" content="$url"/>
<meta property="og:site_name" content="Circuit Wire"/>
<meta name="twitter:site" content="@circuitwire"/>
<meta property="article:published_time" content="$published_iso"/>
<link rel="canonical" href="$url"/>
<link rel="alternate" type="application/atom+xml" href="/circuitwire/feed.xml"/>
<script type="application/ld+json" data-rh="true">$json_ld</script>
<style data-emotion="css">.css-1k2m{display:flex}.css-9xq{margin:0 auto}</style>
</head><body><div id="__next"><div class="css-1k2m" data-testid="page">
<header data-testid="masthead"><nav class="css-77a"><a href="/circuitwire/">Circuit Wire
</a><ul><li><a href="/circuitwire/chips">Chips</a></li>
<li><a href="/circuitwire/cloud">Cloud</a></li><li><a href="/circuitwire/ai">AI</a></li>
<li><a href="/circuitwire/deals">Deals</a></li>
<li><a href="/circuitwire/podcasts">Podcasts</a></li></ul>
<button aria-label="Search">Search</button><button>Sign in</button></nav></header>
<main class="css-9xq" data-testid="story">
<div class="css-h1w"><h1 class="css-2ty">$title</h1>
<div class="css-by1" data-testid="byline">By <a href="/circuitwire/staff">$author</a>
<span class="css-dt"><time dateTime="$published_iso">$published_text</time></span></div>
<div class="css-sh share-tools"><button>Share</button><button>Save</button>
<button>Gift this story</button></div></div>
<div class="css-body" data-testid="story-body">
$opening
<aside class="css-nl newsletter-signup" data-testid="newsletter">
<h4>The Night Shift</h4>
<p>Our nightly email for people who read data sheets for fun.</p>
<input type="email" placeholder="you@example.org"/><button>Sign up</button></aside>
$rest
$hidden
</div>
<div class="css-tp" data-testid="topics"><a href="/circuitwire/ai">AI</a>
<a href="/circuitwire/cloud">Cloud</a></div>
</main>
<section class="css-rec recommended" data-testid="recommendations">
<h2>More from Circuit Wire</h2>
$teasers
</section>
<section class="css-cm comments" id="comments" data-testid="comments">
<h2>Join the conversation</h2>
<div class="css-c1 comment"><span>voltnerd</span><p>Calling it now: Meta signs the same
thing with Oracle for $$20 billion before Christmas.</p></div>
<div class="css-c1 comment"><span>quietfan</span><p>First. Also, great write-up, more of
this please.</p></div></section>
<footer class="css-ft"><a href="/circuitwire/about">About</a>
<a href="/circuitwire/ethics">Ethics policy</a>
<a href="/circuitwire/privacy">Do not sell my data</a>
<p>Circuit Wire is published by Copper Press. All rights reserved.</p></footer>
<div class="css-gd cookie-banner" role="dialog"><p>We value your privacy. We and our
partners store and access information on a device.</p><button>Accept all</button>
<button>Manage choices</button></div>
</div></div>
<script id="__NEXT_DATA__" type="application/json">
{"props":{"pageProps":{"edition":"international","paywall":false}},"page":"/story"}
</script></body></html>
"""
)

# WordPress with a magazine theme, share buttons, related posts and a comment form.
_HARBOUR_LEDGER: Final = Template(
    """<!DOCTYPE html>
<html lang="en-GB" prefix="og: https://ogp.me/ns#">
<head>
<meta charset="UTF-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<link rel="profile" href="https://gmpg.org/xfn/11" />
<title>$title - The Harbour Ledger</title>
<meta name="description" content="$teaser" />
<link rel="canonical" href="$url" />
<meta property="og:locale" content="en_GB" />
<meta property="og:type" content="article" />
<meta property="og:title" content="$title" />
<meta property="og:site_name" content="The Harbour Ledger" />
<meta property="article:published_time" content="$published_iso" />
<meta name="author" content="$author" />
<script type="application/ld+json" class="seo-schema-graph">$json_ld</script>
<link rel="alternate" type="application/rss+xml" href="/harbour-ledger/feed.xml" />
<meta name="generator" content="WordPress 6.8.3" />
</head>
<body class="post-template-default single single-post single-format-standard">
<div id="page" class="site">
<a class="skip-link screen-reader-text" href="#content">Skip to content</a>
<header id="masthead" class="site-header">
<div class="site-branding"><p class="site-title"><a href="/harbour-ledger/" rel="home">
The Harbour Ledger</a></p>
<p class="site-description">Business and city news since the tide tables</p></div>
<nav id="site-navigation" class="main-navigation"><ul id="primary-menu" class="menu">
<li class="menu-item"><a href="/harbour-ledger/category/business/">Business</a></li>
<li class="menu-item"><a href="/harbour-ledger/category/technology/">Technology</a></li>
<li class="menu-item"><a href="/harbour-ledger/category/harbour/">Harbour</a></li>
<li class="menu-item"><a href="/harbour-ledger/tide-tables/">Tide tables</a></li>
</ul></nav>
</header>
<div id="content" class="site-content"><div id="primary" class="content-area">
<main id="main" class="site-main">
<article class="post type-post status-publish format-standard hentry category-business">
<header class="entry-header"><h1 class="entry-title">$title</h1>
<div class="entry-meta"><span class="posted-on">Posted on <time
 class="entry-date published" datetime="$published_iso">$published_text</time></span>
<span class="byline"> by <span class="author vcard"><a class="url fn n"
 href="/harbour-ledger/author/">$author</a></span></span></div></header>
<div class="entry-content">
$paragraphs
$hidden
<div class="sharedaddy sd-sharing-enabled"><h3 class="sd-title">Share this:</h3>
<ul><li><a href="#" class="share-facebook">Facebook</a></li>
<li><a href="#" class="share-x">X</a></li>
<li><a href="#" class="share-email">Email</a></li></ul></div>
<div id="jp-relatedposts" class="jp-relatedposts">
<h3 class="jp-relatedposts-headline"><em>Related</em></h3>
$teasers
</div>
</div>
<footer class="entry-footer"><span class="cat-links">Posted in
 <a href="/harbour-ledger/category/business/" rel="category tag">Business</a></span>
</footer>
</article>
<nav class="navigation post-navigation" aria-label="Posts"><div class="nav-links">
<div class="nav-previous"><a href="/harbour-ledger/" rel="prev">Previous: Council to
 vote on mooring fees</a></div></div></nav>
<div id="comments" class="comments-area">
<h2 class="comments-title">2 thoughts on this story</h2>
<ol class="comment-list">
<li class="comment even depth-1"><div class="comment-body"><div
 class="comment-author vcard"><b class="fn">Old Salt</b></div>
<div class="comment-content"><p>They said the same about container shipping in 1974 and
 look how that turned out. My pension is in kippers.</p></div></div></li>
<li class="comment odd depth-1"><div class="comment-body"><div
 class="comment-author vcard"><b class="fn">Priscilla H.</b></div>
<div class="comment-content"><p>I hear Amazon and Apple are about to announce an AI
 cloud partnership worth ten billion pounds. You read it here first!</p></div>
</div></li>
</ol>
<div id="respond" class="comment-respond"><h3 id="reply-title">Leave a Reply</h3>
<form action="/harbour-ledger/wp-comments-post.php" method="post"><p
 class="comment-notes">Your email address will not be published. Required fields are
 marked *</p><textarea name="comment"></textarea><input type="submit"
 value="Post Comment" /></form></div>
</div>
</main></div>
<aside id="secondary" class="widget-area"><section class="widget widget_search"><form
 role="search"><input type="search" placeholder="Search &hellip;" /></form></section>
<section class="widget widget_recent_entries"><h2 class="widget-title">Recent Posts</h2>
<ul>
$recent
</ul></section>
<section class="widget widget_text"><h2 class="widget-title">High water today</h2>
<div class="textwidget"><p>05:12 and 17:38 at the old customs house.</p></div></section>
</aside>
</div>
<footer id="colophon" class="site-footer"><div class="site-info">Proudly powered by
 WordPress <span class="sep"> | </span> Theme: Quayside by Slipway Themes.</div>
</footer>
</div>
<div id="cookie-law-info-bar"><span>This website uses cookies to improve your
 experience. <a href="#">Read more</a> <button>Accept</button></span></div>
</body>
</html>
"""
)

# A lean trade site: microdata, a list-heavy front, sponsors' boxes.
_RACKLINE: Final = Template(
    """<!DOCTYPE html>
<html lang="en" itemscope itemtype="https://schema.org/WebPage">
<head>
<meta charset="utf-8">
<title>Rackline: $title</title>
<meta name="description" content="$teaser">
<meta name="DC.date.issued" content="$published_iso">
<meta name="DC.creator" content="$author">
<link rel="canonical" href="$url">
<link rel="alternate" type="application/rss+xml" title="RSS" href="/rackline/feed.xml">
<link rel="stylesheet" href="/rackline/rack.css">
</head>
<body>
<ul id="topnav" class="navbar"><li><a href="/rackline/">Rackline</a></li>
<li><a href="/rackline/build">Build</a></li><li><a href="/rackline/power">Power</a></li>
<li><a href="/rackline/cooling">Cooling</a></li>
<li><a href="/rackline/jobs">Jobs</a></li>
<li><a href="/rackline/events">Events</a></li></ul>
<div class="leaderboard ad">Sponsored: Tork &amp; Sons, busbars that do not hum</div>
<div class="breadcrumb"><a href="/rackline/">Home</a> &raquo;
<a href="/rackline/news">News</a></div>
<div id="content" itemscope itemtype="https://schema.org/NewsArticle">
<h1 itemprop="headline">$title</h1>
<p class="meta"><span itemprop="author">$author</span> |
<time itemprop="datePublished" datetime="$published_iso">$published_text</time> |
<a href="#disqus_thread">4 comments</a></p>
<div itemprop="articleBody" class="story">
$opening
<div class="promo related-link"><strong>Related:</strong>
<a href="$first_href">$first_title</a></div>
$rest
$hidden
</div>
</div>
<div id="sidebar"><h3>Most read this week</h3>
<ol>
$teasers
</ol>
<div class="box sponsor"><h3>White paper</h3><p>Seven mistakes in chilled-water loops
 and how to bill for them. Free download after registration.</p></div>
<div class="box"><h3>Events</h3><ul><li>Busbar Forum, Antwerp</li>
<li>Women in Racks, Leeds</li></ul></div></div>
<div id="disqus_thread" class="comments"><noscript>Please enable JavaScript to view the
 comments.</noscript></div>
<div id="footer"><p>Rackline is an imprint of Plinth Media. Subscribe to the weekly
 digest, follow us, or send a tip to the news desk.</p>
<p><a href="/rackline/terms">Terms</a> <a href="/rackline/privacy">Privacy</a>
<a href="/rackline/advertise">Advertise</a></p></div>
<div class="cookie-notice">We use two cookies. One remembers that you closed this box.
 <a href="#">Close</a></div>
</body>
</html>
"""
)


def circuitwire(page: Page) -> str:
    """Lay out a page as Circuit Wire does: a newsletter box inside the text.

    Args:
        page: The article, escaped.

    Returns:
        A whole HTML document.
    """
    paragraphs = [f'<p class="css-p0">{text}</p>' for text in page.paragraphs]
    return _CIRCUITWIRE.substitute(
        title=page.title,
        teaser=page.teaser,
        author=page.author,
        url=page.url,
        published_iso=page.published_iso,
        published_text=page.published_text,
        json_ld=page.json_ld,
        opening="\n".join(paragraphs[:2]),
        rest="\n".join(paragraphs[2:]),
        hidden=page.hidden,
        teasers="\n".join(
            f'<div class="css-card"><a href="{t.href}"><h3>{t.title}</h3></a>'
            f"<p>{t.text}</p></div>"
            for t in page.teasers
        ),
    )


def harbour_ledger(page: Page) -> str:
    """Lay out a page as The Harbour Ledger does: WordPress and its plugins.

    Args:
        page: The article, escaped.

    Returns:
        A whole HTML document.
    """
    return _HARBOUR_LEDGER.substitute(
        title=page.title,
        teaser=page.teaser,
        author=page.author,
        url=page.url,
        published_iso=page.published_iso,
        published_text=page.published_text,
        json_ld=page.json_ld,
        paragraphs="\n\n".join(f"<p>{text}</p>" for text in page.paragraphs),
        hidden=page.hidden,
        teasers="\n".join(
            f'<div class="jp-relatedposts-post"><h4 class="jp-relatedposts-post-title">'
            f'<a href="{t.href}">{t.title}</a></h4></div>'
            for t in page.teasers[:2]
        ),
        recent="\n".join(
            f'<li><a href="{t.href}">{t.title}</a></li>' for t in page.teasers
        ),
    )


def rackline(page: Page) -> str:
    """Lay out a page as Rackline does: microdata, a link inside the text.

    Args:
        page: The article, escaped, with at least one teaser.

    Returns:
        A whole HTML document.
    """
    paragraphs = [f"<p>{text}</p>" for text in page.paragraphs]
    return _RACKLINE.substitute(
        title=page.title,
        teaser=page.teaser,
        author=page.author,
        url=page.url,
        published_iso=page.published_iso,
        published_text=page.published_text,
        opening="\n".join(paragraphs[:2]),
        rest="\n".join(paragraphs[2:]),
        first_href=page.teasers[0].href,
        first_title=page.teasers[0].title,
        hidden=page.hidden,
        teasers="\n".join(
            f'<li><a href="{t.href}">{t.title}</a></li>' for t in page.teasers
        ),
    )
