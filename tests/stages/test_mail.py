"""A content as a mail: its headers, its parts, and that nothing breaks out of them."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime
from pathlib import Path

import dkim
import pytest
import servers
from hypothesis import given
from hypothesis import strategies as st

from newsbot.adapters.signing import read_signer
from newsbot.errors import ConfigError
from newsbot.stages.mail import Sender, leave_url, read_address, write_mail
from newsbot.subscribing import PLACE, Content, Picture

READER = "reader@example.org"
AT = datetime(2026, 1, 31, 7, tzinfo=UTC)
SENDER = Sender(address="newsbot@example.org", public_url="https://news.example.org")
KEYS = Path(servers.__file__).parent
PICTURE = Picture(
    name="clouds.png", png=b"\x89PNG\r\n\x1a\n" * 9, width=9, height=9, alt="a"
)


def content(**parts):
    values = {
        "id": "c",
        "subject": "3 neue Abkommen – 31. Januar 2026: OpenAI, Müller & Söhne und Ørsted, 30 Mrd. US-Dollar",
        "text": f"Grüße\n{PLACE}\n",
        "html": f'<p>Grüße <a href="{PLACE}">x</a><img src="cid:clouds.png@newsbot.invalid"></p>',
        "pictures": (PICTURE,),
        "language": "de",
    }
    return Content(**{**values, **parts})


def sent(
    what=None, *, sender=SENDER, token="reader.token", recipient=READER, letter="letter"
):
    return write_mail(
        what or content(),
        letter_id=letter,
        recipient=recipient,
        sender=sender,
        token=token,
        written_at=AT,
    )


def parsed(envelope):
    mail = message_from_bytes(envelope.data, policy=policy.default)
    assert mail.defects == []
    return mail


def test_parts_stand_in_order():
    """Plain text first, HTML last with its pictures; everything comes back whole."""
    mail = parsed(sent())
    assert mail.get_content_type() == "multipart/alternative"
    plain, related = mail.iter_parts()
    page, image = related.iter_parts()
    assert (
        plain.get_content()
        == "Grüße\r\nhttps://news.example.org/leave/reader.token\r\n"
    )
    assert 'href="https://news.example.org/leave/reader.token"' in page.get_content()
    assert image.get_content() == PICTURE.png
    assert (image["Content-ID"], image.get_filename()) == (
        "<clouds.png@newsbot.invalid>",
        "clouds.png",
    )
    assert image["Content-Disposition"].startswith("inline")
    assert mail["Subject"] == content().subject
    assert mail["Content-Language"] == "de"
    assert parsedate_to_datetime(mail["Date"]) == AT


def test_the_same_letter_is_the_same_mail():
    """Every try of a letter is the same bytes; another letter has another name."""
    assert sent() == sent()
    names = {
        sent().message_id,
        sent(letter="other").message_id,
        sent(recipient="other@example.org").message_id,
    }
    assert len(names) == 3
    assert parsed(sent())["Message-ID"] == sent().message_id


def test_ways_to_leave():
    """A one-click address where there is a public one, else a mail."""
    mail = parsed(sent())
    assert (
        mail["List-Unsubscribe"].split(", ")[0]
        == "<https://news.example.org/leave/reader.token>"
    )
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    by_mail = Sender(address="newsbot@example.org")
    mail = parsed(sent(sender=by_mail))
    assert mail["List-Unsubscribe-Post"] is None
    assert mail["List-Unsubscribe"] == (
        "<mailto:newsbot@example.org?subject=unsubscribe%20reader.token>"
    )
    assert leave_url(by_mail, "t").startswith("mailto:")
    question = parsed(sent(content(html="", pictures=()), token=None))
    assert question["List-ID"] is question["List-Unsubscribe"] is None
    assert question.get_content_type() == "text/plain"


def test_long_addresses_are_not_encoded():
    """However long, an address between brackets stays ASCII that programs find."""
    long = Sender(
        address=f"newsbot@{'long-label.' * 9}example.org",
        public_url=f"https://{'long-label.' * 9}example.org/path",
    )
    raw = sent(sender=long, token="t" * 60).data
    head = raw.split(b"\r\n\r\n")[0]
    assert (
        b"<https://"
        + b"long-label." * 9
        + b"example.org/path/leave/"
        + b"t" * 60
        + b">"
        in head
    )
    assert (
        b"=?"
        not in head.split(b"List-Unsubscribe:")[1].split(b"List-Unsubscribe-Post")[0]
    )


@given(
    subject=st.text(max_size=300),
    text=st.text(max_size=400),
    name=st.text(max_size=80),
)
def test_any_text_makes_one_mail(subject, text, name):
    """No text adds a header; no line is longer than 998 octets; all is ASCII."""
    envelope = sent(
        content(subject=subject, text=text, html=text or "x"),
        sender=replace(SENDER, name=name),
    )
    assert max(map(len, envelope.data.split(b"\r\n"))) <= 998
    assert envelope.data.isascii()
    head = envelope.data.split(b"\r\n\r\n")[0].split(b"\r\n")
    names = [line.split(b":")[0] for line in head if not line.startswith((b" ", b"\t"))]
    assert names == [
        b"From", b"To", b"Subject", b"Date", b"Message-ID", b"Auto-Submitted", b"List-ID",
        b"List-Unsubscribe", b"List-Unsubscribe-Post", b"MIME-Version", b"Content-Type",
        b"Content-Language",
    ]  # fmt: skip
    assert b"\n" not in envelope.data.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "text",
    ["", "a", "@", "a@", "@b.org", "a b@c.org", "a@b..org", "a..b@c.org", ".a@c.org", "a@-b.org", "ü@c.org", '"a b"@c.org', "a@[127.0.0.1]", "a@c.org, b@c.org", "<a@c.org>", "a@c.org\n", "a" * 65 + "@c.org", "a@" + "b." * 130 + "org"],
)  # fmt: skip
def test_what_is_no_address(text):
    """What not every server takes is refused; a blank around it is forgiven."""
    assert read_address(text) is None or text == "a@c.org\n"
    assert read_address(" A.b+c@Exämple.ORG ") == "A.b+c@xn--exmple-cua.org"


def test_signed_mail_can_be_verified():
    """DKIM: the signature holds, and no longer where a header of leaving is changed."""
    signer = read_signer(KEYS / "dkim.test.pem", "newsbot", "example.org")
    signed = signer.sign(sent().data)
    record = b"v=DKIM1; k=rsa; p=" + (KEYS / "dkim.test.pub").read_bytes().strip()
    asked = []

    def look_up(name, **_):
        asked.append(name)
        return record

    assert dkim.verify(signed, dnsfunc=look_up)
    assert asked == [b"newsbot._domainkey.example.org."]
    assert (
        parsed(sent())["Subject"]
        in message_from_bytes(signed, policy=policy.default)["Subject"]
    )
    for old, new in (
        (b"/leave/reader", b"/leave/Reader"),
        (b"Subject: 3", b"Subject: 4"),
    ):
        assert not dkim.verify(signed.replace(old, new, 1), dnsfunc=look_up)
    added = b"List-Unsubscribe: <https://evil.example>\r\n"
    head, body = signed.split(b"\r\nFrom:", 1)
    assert not dkim.verify(head + b"\r\n" + added + b"From:" + body, dnsfunc=look_up)
    assert "PRIVATE" not in repr(signer)


def test_keys_that_are_none(tmp_path):
    """A file that holds no private key is one clear line that shows nothing of it."""
    bad = tmp_path / "key.pem"
    bad.write_text("geheim")
    for path in (bad, tmp_path / "missing.pem", KEYS / "dkim.test.pub"):
        with pytest.raises(ConfigError, match="dkim_key") as caught:
            read_signer(path, "newsbot", "example.org")
        assert "geheim" not in str(caught.value)
        assert "\n" not in str(caught.value)
