"""DKIM signatures (RFC 6376), by dkimpy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from newsbot.errors import ConfigError

#: What the signature covers; RFC 8058 wants the headers of leaving among them. Each is
#: signed once more than it is there, so that nobody can add it (RFC 6376, 8.15).
SIGNED = (
    *("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"),
    *("Content-Language", "Auto-Submitted", "List-ID", "List-Unsubscribe"),
    "List-Unsubscribe-Post",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Signs mail for one domain.

    `key` is never shown.
    """

    domain: str
    selector: str
    #: PEM.
    key: bytes

    def __repr__(self) -> str:
        return f"Signer({self.selector}._domainkey.{self.domain})"

    def sign(self, data: bytes) -> bytes:
        """Put the signature before a mail.

        Raises:
            ConfigError: The key cannot be used.
        """
        import dkim

        try:
            header: bytes = dkim.sign(
                data,
                self.selector.encode(),
                self.domain.encode(),
                self.key,
                canonicalize=(b"relaxed", b"relaxed"),
                include_headers=[name.lower().encode() for name in SIGNED * 2],
            )
        except dkim.DKIMException as error:
            raise ConfigError(f"email.dkim_key: {error}") from error
        return header + data


def read_signer(path: Path, selector: str, domain: str) -> Signer:
    """Read a key file, and try it.

    Raises:
        ConfigError: Unreadable, no private key, or dkimpy is missing.
    """
    try:
        import dkim  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            'email.dkim_key needs the extra "dkim": pip install "newsbot[dkim]"'
        ) from error
    try:
        key = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"email.dkim_key: {path}: {error.strerror}") from error
    signer = Signer(domain=domain, selector=selector, key=key)
    signer.sign(b"From: a@example.org\r\nSubject: a\r\n\r\na\r\n")
    return signer
