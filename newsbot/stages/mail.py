"""A content to a mail: headers, plain text first, HTML with its pictures last.

In: what is said, to whom, by whom. Out: the bytes that go over the wire, the same for
the same letter: whoever gets a letter twice can see by its Message-ID that it is one.

Headers: RFC 5322; lists RFC 2919 (List-ID), 2369 (List-Unsubscribe) and 8058 (one
click); RFC 3834 (Auto-Submitted). No text from outside can add a header or a
recipient: line ends of every kind go, and the email package refuses the rest.
"""

from __future__ import annotations

import html
import re
import unicodedata
from binascii import b2a_qp
from dataclasses import dataclass, replace
from datetime import datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage, Message
from email.policy import SMTP, Policy
from email.utils import format_datetime
from urllib.parse import quote

from newsbot.stages.printable import one_line
from newsbot.subscribing import PLACE, Content, Envelope
from newsbot.types import identity

#: Octets of an address, and of the part before its @ (RFC 5321, 4.5.3.1).
MAX_ADDRESS = 254
MAX_LOCAL = 64
#: Atoms of RFC 5322, joined by dots; quoted forms are not taken.
_ADDRESS = re.compile(
    r"(?P<local>[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*)"
    r"@(?P<domain>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*"
    r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)",
    re.ASCII | re.IGNORECASE,
)


class _Addresses(UnstructuredHeader, BaseHeader):
    """ASCII addresses between angle brackets, which no mail program decodes.

    The email package would make encoded words of long ones (RFC 2047).
    """

    def fold(self, *, policy: Policy[Message]) -> str:
        """Write the header, one address a line."""
        value = str(self).replace(", ", f",{policy.linesep} ")
        return f"{self.name}: {value}{policy.linesep}"


def _headers() -> HeaderRegistry:
    registry = HeaderRegistry()
    for name in ("message-id", "list-unsubscribe"):
        registry.map_to_type(name, _Addresses)
    return registry


#: RFC 5322, 2.1.1 asks for 78; no line of ours is longer but for long addresses.
_POLICY = SMTP.clone(max_line_length=78, cte_type="7bit", header_factory=_headers())


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who writes."""

    address: str
    name: str = "newsbot"
    #: Where readers leave by one click, without a slash at its end; empty: by mail.
    public_url: str = ""

    @property
    def domain(self) -> str:
        """What stands behind the @."""
        return self.address.rpartition("@")[2]

    @property
    def list_id(self) -> str:
        """Names the list (RFC 2919)."""
        return f"newsbot digest <digest.{self.domain}>"


def read_address(text: str) -> str | None:
    """Read an address as a person types it.

    Args:
        text: ``"reader@example.org"``; a domain may have letters of any script.

    Returns:
        The address in ASCII, its domain in small letters; None where it is none that
        every mail server takes.

    >>> read_address(" Reader@Example.ORG ")
    'Reader@example.org'
    """
    local, at, domain = text.strip().rpartition("@")
    try:
        host = unicodedata.normalize("NFC", domain).lower().encode("idna").decode()
    except UnicodeError:
        return None
    address = f"{local}{at}{host}"
    fits = len(address) <= MAX_ADDRESS and len(local) <= MAX_LOCAL
    return address if fits and _ADDRESS.fullmatch(address) else None


def message_id(letter_id: str, recipient: str, domain: str) -> str:
    """Name a letter for good: a retry has the same name."""
    return f"<{letter_id}.{identity('recipient', recipient)}@{domain}>"


def write_mail(
    content: Content,
    *,
    letter_id: str,
    recipient: str,
    sender: Sender,
    token: str | None,
    written_at: datetime,
) -> Envelope:
    """Write one reader's mail.

    Args:
        content: What it says.
        letter_id: Makes the Message-ID and the boundaries.
        recipient: As `read_address` gives it.
        sender: Who writes.
        token: By which the reader leaves; None for mail that is no list's.
        written_at: Its Date, the same for every try.

    Returns:
        The mail, ASCII, lines of at most 998 octets and CRLF.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(
        display_name=one_line(sender.name, 60), addr_spec=sender.address
    )
    mail["To"] = Address(addr_spec=recipient)
    mail["Subject"] = one_line(content.subject)
    mail["Date"] = format_datetime(written_at)
    name = message_id(letter_id, recipient, sender.domain)
    mail["Message-ID"] = name
    mail["Auto-Submitted"] = "auto-generated"
    if token is not None:
        for header, value in leaving(sender, token):
            mail[header] = value
    link = leave_url(sender, token) if token is not None else ""
    _fill(mail, addressed(content, link))
    # Not before: the email package moves what is called Content-* into the first part.
    mail["Content-Language"] = content.language
    _bind(mail, letter_id)
    return Envelope(
        sender=sender.address,
        recipient=recipient,
        message_id=name,
        data=mail.as_bytes(),
    )


def leaving(sender: Sender, token: str) -> list[tuple[str, str]]:
    """Give the headers of a list that its readers can leave."""
    ways = [f"<{_mailto(sender, token)}>"]
    headers = [("List-ID", sender.list_id)]
    if sender.public_url:
        ways.insert(0, f"<{leave_url(sender, token)}>")
        headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    headers.insert(1, ("List-Unsubscribe", ", ".join(ways)))
    return headers


def leave_url(sender: Sender, token: str) -> str:
    """Give the address by which a reader leaves."""
    if not sender.public_url:
        return _mailto(sender, token)
    return f"{sender.public_url}/leave/{quote(token, safe='')}"


def confirm_url(sender: Sender, token: str) -> str | None:
    """Give the address by which a reader confirms; None without a public one."""
    if not sender.public_url:
        return None
    return f"{sender.public_url}/confirm/{quote(token, safe='')}"


def _mailto(sender: Sender, token: str) -> str:
    subject = quote(f"unsubscribe {token}", safe="")
    return f"mailto:{quote(sender.address, safe='@')}?subject={subject}"


def addressed(content: Content, link: str) -> Content:
    """Put a reader's own address to leave by into a content."""
    return replace(
        content,
        text=content.text.replace(PLACE, link),
        html=content.html.replace(PLACE, html.escape(link)),
    )


def wire_size(text: str) -> int:
    """Tell how many octets a part of a mail takes, line ends included.

    >>> wire_size("<p style='a'>Köln</p>")
    28
    """
    encoded = b2a_qp(_clean(text).encode(), istext=True)
    return len(encoded) + encoded.count(b"\n")


def _fill(mail: EmailMessage, content: Content) -> None:
    # Quoted-printable whatever the text: no line of it is too long, no server has to
    # take eight bits, and a dot or "From " that begins a line stays what it is.
    mail.set_content(_clean(content.text), cte="quoted-printable")
    if not content.html:
        return
    mail.add_alternative(_clean(content.html), subtype="html", cte="quoted-printable")
    page = mail.get_payload()[-1]  # type: ignore[index]
    assert isinstance(page, EmailMessage)
    for one in content.pictures:
        page.add_related(
            one.png,
            maintype="image",
            subtype="png",
            cid=f"<{one.name}@newsbot.invalid>",
            filename=one.name,
            disposition="inline",
        )


def _clean(text: str) -> str:
    """Without lone surrogates, which no charset can carry."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _bind(mail: EmailMessage, letter_id: str) -> None:
    """Give the parts boundaries that do not change from try to try."""
    parts = [part for part in mail.walk() if part.is_multipart()]
    for n, part in enumerate(parts):
        part.set_boundary(f"=_{identity('boundary', letter_id, str(n))}")
