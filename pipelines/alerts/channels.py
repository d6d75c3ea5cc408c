"""How does one message reach a receiver: by webhook or by e-mail, each attempt within a time-out that holds whatever the other side does. For the outbox.

The traps: a time-out per read, under which a receiver that sends a byte a second holds the run for hours (the whole attempt has one deadline); a
signature over something else than the bytes sent; a redirect that carries the message elsewhere (none is followed); a password sent in the clear; and a
failure whose words hold the address with its token (only kinds of failures are said).
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from pipelines.alerts.patience import is_transient_status
from transactional.vocabulary.errors import InputRejected

TIMEOUT_SECONDS = 5.0
SIGNATURE_HEADER = "Countroom-Signature"
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class Undelivered(Exception):
    """A message was not taken. `is_down`: nobody answered, so another message now would not be taken either. `is_permanent`: it is not wanted."""

    def __init__(self, words: str, *, is_down: bool, is_permanent: bool = False) -> None:
        super().__init__(words)
        self.is_down = is_down
        self.is_permanent = is_permanent


class Channel(Protocol):
    """One way to a receiver."""

    @property
    def name(self) -> str: ...

    def send(self, message_id: str, body: str) -> None:
        """Deliver, within TIMEOUT_SECONDS. Raises: Undelivered."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A POST of the body, signed: `Countroom-Signature: sha256=<HMAC-SHA256 of the raw body, hexadecimal>`; `Idempotency-Key` is the message's id."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    timeout_seconds: float = TIMEOUT_SECONDS
    name: str = "webhook"

    def send(self, message_id: str, body: str) -> None:
        """Taken is what is answered with 2xx. Raises: Undelivered."""
        raw = body.encode()
        parts = urlsplit(self.url)
        path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message_id,
            SIGNATURE_HEADER: f"sha256={hmac.new(self.secret.encode(), raw, hashlib.sha256).hexdigest()}",
            "User-Agent": "countroom",
        }
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self.timeout_seconds)

        def post() -> int:
            connection.request("POST", path, raw, headers)
            return connection.getresponse().status

        try:
            status = _within(self.timeout_seconds, post, lambda: _cut(connection.sock))
        except (OSError, http.client.HTTPException) as error:
            raise Undelivered(_kind_of(error), is_down=True) from error
        finally:
            connection.close()
        if not 200 <= status < 300:
            # the receiver's own trouble will be the next message's too; a message it does not want is that message's
            is_transient = is_transient_status(status)
            raise Undelivered(f"answered {status}", is_down=is_transient, is_permanent=not is_transient)


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail through an SMTP server: `smtp://[user:password@]host[:port]` (STARTTLS where it is offered) or `smtps://`."""

    url: str = field(repr=False)
    sender: str
    receivers: tuple[str, ...]
    timeout_seconds: float = TIMEOUT_SECONDS
    name: str = "email"

    def send(self, message_id: str, body: str) -> None:
        """Taken is what the server accepted for every receiver. Raises: Undelivered."""
        mail = self._mail(message_id, json.loads(body))
        held: list[smtplib.SMTP] = []
        try:
            _within(self.timeout_seconds, lambda: self._hand_over(mail, held), lambda: _cut(held[0].sock if held else None))
        except smtplib.SMTPResponseException as error:
            # 4yz may be another answer later, 5yz not (RFC 5321 §4.2.1)
            raise Undelivered(f"the mail server answered {error.smtp_code}", is_down=False, is_permanent=error.smtp_code >= 500) from error
        except smtplib.SMTPRecipientsRefused as error:
            is_permanent = all(code >= 500 for code, _ in error.recipients.values())
            raise Undelivered("the mail server refused a receiver", is_down=False, is_permanent=is_permanent) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Undelivered(_kind_of(error), is_down=True) from error

    def _mail(self, message_id: str, told: dict[str, Any]) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, ", ".join(self.receivers), str(told["subject"])
        mail["Message-ID"] = f"<{message_id}@countroom>"  # sent twice, a mail reader shows it once
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(str(told["text"]) + "\n")
        return mail

    def _hand_over(self, mail: EmailMessage, held: list[smtplib.SMTP]) -> None:
        parts = urlsplit(self.url)
        host, context = parts.hostname or "", ssl.create_default_context()
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=self.timeout_seconds, context=context)
        else:
            server = smtplib.SMTP(host, parts.port or 25, timeout=self.timeout_seconds)
        held.append(server)
        with server:
            server.ehlo()
            is_secure = parts.scheme == "smtps"
            if not is_secure and server.has_extn("starttls"):
                server.starttls(context=context)
                is_secure = True
            if parts.username:
                if not is_secure and host not in _LOOPBACK:
                    raise smtplib.SMTPNotSupportedError("no encryption is offered, and the password is not sent in the clear")
                server.login(unquote(parts.username), unquote(parts.password or ""))
            refused = server.send_message(mail, self.sender, list(self.receivers))
            if refused:
                raise smtplib.SMTPRecipientsRefused(refused)


def webhook_of(url: str, secret: str) -> Webhook:
    """Raises: InputRejected (`settings`), never with the address in it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputRejected("COUNTROOM_ALERT_WEBHOOK_URL: expected https://host/path", code="settings")
    if len(secret) < 16:
        raise InputRejected(
            "COUNTROOM_ALERT_WEBHOOK_SECRET: expected at least 16 characters, which receivers check the signature with", code="settings"
        )
    return Webhook(url, secret)


def mail_of(url: str, sender: str, receivers: str) -> Mail:
    """Raises: InputRejected (`settings`), never with the URL in it."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise InputRejected("COUNTROOM_SMTP_URL: expected smtp://user:password@host:port, or smtps://", code="settings")
    to = tuple(filter(None, (each.strip() for each in receivers.split(","))))
    if not to or any("@" not in each or any(mark in each for mark in "\r\n <>") for each in (sender, *to)):
        raise InputRejected(
            "COUNTROOM_ALERT_FROM and COUNTROOM_ALERT_TO: expected addresses as finance@casino.example, separated by commas", code="settings"
        )
    return Mail(url, sender, to)


def _within(seconds: float, action: Callable[[], Any], give_up: Callable[[], None]) -> Any:
    """What `action` gives, or TimeoutError after so many seconds, whatever it is waiting for. `give_up` makes it end soon after."""
    outcome: list[tuple[bool, Any]] = []

    def attempt() -> None:
        try:
            outcome.append((True, action()))
        except BaseException as error:  # noqa: BLE001 - it is raised where the attempt was asked for
            outcome.append((False, error))

    beside = threading.Thread(target=attempt, name="countroom alert", daemon=True)
    beside.start()
    beside.join(seconds)
    if not outcome:
        give_up()
        raise TimeoutError
    done, value = outcome[0]
    if not done:
        raise value
    return value


def _cut(connected: socket.socket | None) -> None:
    if connected is not None:
        with suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)


def _kind_of(error: Exception) -> str:
    """A failure without its words, which may hold an address."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLError):
        return "no trusted encryption"
    kinds = {
        ConnectionRefusedError: "connection refused",
        socket.gaierror: "unknown host",
        smtplib.SMTPNotSupportedError: "no encryption for the password",
    }
    return next((words for kind, words in kinds.items() if isinstance(error, kind)), type(error).__name__)
