"""Every error newsbot raises on purpose.

    NewsbotError                  one line for the operator, an exit code
    ├── ConfigError               the config file is wrong            (exit 3)
    ├── StoreError                the database cannot be used         (exit 3)
    │   ├── StoreVersionError     written by a newer newsbot
    │   ├── StoreOutdatedError    written by an older one, and not to be migrated now
    │   ├── StoreFullError        no room on the disk
    │   └── StoreBusyError        another process holds the writer lock
    ├── AlreadyRunningError       a second `newsbot run`              (exit 3)
    ├── ModelMissingError         no model, or its extra is missing   (exit 3)
    │   └── ModelKilledError      what makes it ready was killed
    ├── UserError                 a command was asked for nonsense    (exit 2)
    ├── GateError                 a quality floor was missed          (exit 5)
    └── StageError                one row failed; kept in that row    (exit 4)
        ├── FetchError            a page or feed did not arrive
        │   └── WithheldError     its site does not let it be read
        ├── ParseError            a feed or page is not what it says
        ├── ParserError           nothing could be parsed just now
        ├── ModelOutputError      the model answered in bad form
        ├── DeliveryError         a message was not accepted
        │   ├── RecipientGoneError    nobody is there: the recipient is parked
        │   ├── RecipientMovedError   it has another id from now on
        │   └── ChannelHaltedError    the service takes nothing at present
        └── MailError             a mail server did not take a mail

A `StageError` says by `retry` whether trying again later may help.
"""

from __future__ import annotations

from datetime import datetime


class NewsbotError(Exception):
    """Root of every error that a user may see as one line."""

    exit_code = 1


class ConfigError(NewsbotError):
    """The configuration cannot be used; names key, value, line and nearest key."""

    exit_code = 3


class StoreError(NewsbotError):
    """The database cannot be opened or written."""

    exit_code = 3


class StoreVersionError(StoreError):
    """The database was written by a newer newsbot; it stays untouched."""


class StoreOutdatedError(StoreError):
    """The database is of an older version, and cannot be migrated now.

    Whoever only reads migrates nothing; nobody does while a service is at work on it.
    """


class StoreFullError(StoreError):
    """The disk is full; nothing was half-written, and it may pass."""


class StoreBusyError(StoreError):
    """Another process held the writer lock for longer than the busy timeout."""


class AlreadyRunningError(NewsbotError):
    """A service already runs on this database."""

    exit_code = 3


class ModelMissingError(NewsbotError):
    """The model, its files or the extra that loads it are missing."""

    exit_code = 3


class ModelKilledError(ModelMissingError):
    """The process that makes the model ready was killed; it may live another time."""


class UserError(NewsbotError):
    """A command was given something it cannot work with."""

    exit_code = 2


class GateError(NewsbotError):
    """A measured figure fell below its floor."""

    exit_code = 5


class StageError(NewsbotError):
    """One step failed for one row; the row keeps type and text.

    `retry` says whether the same step may succeed later.
    """

    exit_code = 4
    retry = False


class FetchError(StageError):
    """A page or feed did not arrive.

    `status` is the HTTP status, or None when the server never answered.
    `retry_at` is the time before which the server asked not to be asked again.
    The transport's own exception is chained as ``__cause__``.
    """

    def __init__(
        self,
        url: str,
        reason: str,
        *,
        status: int | None = None,
        retry: bool | None = None,
        retry_at: datetime | None = None,
    ) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason
        self.status = status
        self.retry_at = retry_at
        passing = status is None or status == 429 or status >= 500
        self.retry = passing if retry is None else retry


class WithheldError(FetchError):
    """A page is not asked for, as its site does not want it read."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason, retry=False)


class ParseError(StageError):
    """A feed or page is not what it says it is."""


class ParserError(StageError):
    """The process that parses could not be started; the document is not at fault."""

    retry = True


class ModelOutputError(StageError):
    """The model's answer is not in the form that was asked for."""

    retry = True


class DeliveryError(StageError):
    """A channel did not take a message.

    `unknown` is true when the request was sent and no answer came: the message
    may have arrived. `retry_after` is in seconds, where the provider named it.
    """

    def __init__(
        self,
        reason: str,
        *,
        retry: bool,
        unknown: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.retry = retry
        self.unknown = unknown
        self.retry_after = retry_after


class RecipientGoneError(DeliveryError):
    """A recipient cannot be reached until somebody does something about it.

    `tell` is true where its managers should hear of it.
    """

    def __init__(self, reason: str, *, tell: bool = False) -> None:
        super().__init__(reason, retry=False)
        self.tell = tell


class RecipientMovedError(DeliveryError):
    """A chat has another id from now on; the message was not sent."""

    def __init__(self, reason: str, new: str) -> None:
        super().__init__(reason, retry=True)
        self.new = new


class ChannelHaltedError(DeliveryError):
    """A service takes nothing from us at present, for no chat.

    `refused` is true where it does not know our key: waiting alone does not help.
    """

    def __init__(
        self, reason: str, *, retry_after: float, refused: bool = False
    ) -> None:
        super().__init__(reason, retry=True, retry_after=retry_after)
        self.refused = refused


class MailError(StageError):
    """A mail server did not take a mail.

    `for_good` where this recipient's mailbox, or this mail to it, was refused for good
    (5yz). `unknown` where the connection was lost after the final dot: the mail may
    have arrived. `lost` where the connection is of no use any more; `server` where the
    server serves nobody now, so that other mail need not be tried.
    """

    def __init__(
        self,
        reason: str,
        *,
        retry: bool,
        for_good: bool = False,
        unknown: bool = False,
        lost: bool = False,
        server: bool = False,
    ) -> None:
        super().__init__(reason)
        self.retry = retry
        self.for_good = for_good
        self.server = server
        self.unknown = unknown
        self.lost = lost
