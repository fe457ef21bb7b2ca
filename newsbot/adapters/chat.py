"""Alerts to other chat services, through Apprise: Slack, Discord, Matrix, Teams ...

In: the name of an environment variable that holds a service's address, and an alert.
Out: nothing, or a DeliveryError that says whether to try again.

Such an address is a secret: who knows it can write to the chat. It is read from the
environment, is never named in an error, and what the libraries log is dropped.

Source:
    apprise 2.3 (apprise.py, plugins/base.py); https://github.com/caronc/apprise/wiki.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Literal

from apprise import Apprise, AppriseAsset, NotifyFormat, PersistentStoreMode

from newsbot.errors import ConfigError, DeliveryError, RecipientGoneError
from newsbot.stages.lines import shortened_text
from newsbot.stages.markdown import as_markdown, uncalled
from newsbot.types import Alert

#: Seconds for one service's answer, all in all.
TIMEOUT_SECONDS = 30
#: Seconds to wait where a service says that it was too much, not for how long.
BUSY_SECONDS = 60.0
#: Libraries below Apprise whose records hold addresses.
LOGGERS = ("urllib3", "urllib3.connectionpool", "requests")
#: HTTP states of an address that will not come back by waiting.
_GONE = {"401", "403", "404", "405", "410"}
_STATE = re.compile(r"error=(\d{3})\b")

Format = Literal["markdown", "plain"]


class ChatChannel:
    """Sends alerts to the services behind some addresses.

    `send` may be called from any thread.

    Args:
        addresses: Recipient, that is the environment variable's name, to the address
            that it holds and the form of its messages.

    Raises:
        ConfigError: Apprise knows no service behind an address.
    """

    name = "chat"

    def __init__(self, addresses: Mapping[str, tuple[str, Format]]) -> None:
        self._filter = _Dropped()
        for name in LOGGERS:
            logging.getLogger(name).addFilter(self._filter)
        # Its own records say what became of a message: Apprise reads them, others not.
        logging.getLogger("apprise").propagate = False
        self._services: dict[str, tuple[Apprise, Format]] = {}
        for recipient, (url, form) in addresses.items():
            asset = AppriseAsset(
                async_mode=False,
                secure_logging=True,
                storage_mode=PersistentStoreMode.MEMORY,
            )
            service = Apprise(asset=asset)
            if not url or not service.add(url.strip()) or len(service) != 1:
                self.close()
                raise ConfigError(
                    f"[[chat]]: the environment variable {recipient} is empty, or is "
                    "no address that Apprise knows"
                )
            self._services[recipient] = (service, form)

    def whoami(self) -> str:
        """Name the services, without their addresses."""
        return ", ".join(
            f"{recipient} ({service[0].service_name})"
            for recipient, (service, _) in self._services.items()
        )

    def send(self, recipient: str, alert: Alert, *, reply_to: str | None = None) -> str:
        """Send one alert to one service.

        Args:
            recipient: The name of the variable that holds its address.
            alert: Sent as Markdown or as plain text, as configured; shortened where
                the service takes less.
            reply_to: Ignored; what services share is no thread.

        Returns:
            The alert's id: services tell none that all have in common.

        Raises:
            DeliveryError: Not accepted, or unknown whether it was.
        """
        if recipient not in self._services:
            raise DeliveryError(f"{recipient} is not configured", retry=True)
        service, form = self._services[recipient]
        if form == "markdown":
            text, format_ = as_markdown(alert.html), NotifyFormat.MARKDOWN
        else:
            text, format_ = uncalled(alert.plain), NotifyFormat.TEXT
        text = shortened_text(text, service[0].body_maxlen)
        result = service.notify(body=text, body_format=format_, timeout=TIMEOUT_SECONDS)
        if result:
            return alert.id
        told = " ".join(str(entry) for entry in result.logs())
        state = _STATE.search(told)
        if state is None:
            # No answer, or none that is HTTP: the message may be there.
            raise DeliveryError(f"{recipient}: no answer", retry=True, unknown=True)
        reason = f"{recipient}: the service answered {state[1]}"
        if state[1] in _GONE:
            raise RecipientGoneError(reason, tell=True)
        if state[1] == "429":
            raise DeliveryError(reason, retry=True, retry_after=BUSY_SECONDS)
        raise DeliveryError(reason, retry=state[1] >= "500")

    def edit(self, recipient: str, provider_id: str, alert: Alert, *, was: str) -> None:
        """Refuse: these services are told things once.

        Raises:
            DeliveryError: Always, without retry.
        """
        raise DeliveryError("messages there cannot be edited", retry=False)

    def close(self) -> None:
        """Let the libraries log again."""
        for name in LOGGERS:
            logging.getLogger(name).removeFilter(self._filter)
        logging.getLogger("apprise").propagate = True


class _Dropped(logging.Filter):
    """Drops every record: addresses stand in them in forms that nobody can list."""

    def filter(self, record: logging.LogRecord) -> bool:
        return False
