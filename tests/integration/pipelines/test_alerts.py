"""Do alerts reach a receiver: over real sockets, one that is down, slow, failing, or there; and from a run that dies between sending and writing it down."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
import pytest

from assets.reporting.tables import ALERT_MESSAGES, ALERTS
from assets.reporting.telling import tell
from pipelines.alerts.channels import SIGNATURE_HEADER, Mail, Undelivered, Webhook, mail_of, webhook_of
from pipelines.alerts.outbox import Courier, offer_again
from pipelines.alerts.patience import PERMANENT_TRIES
from pipelines.health import ATTENTION, databases_seen
from pipelines.reports.language import language_of
from pipelines.resources.warehouse import Warehouse
from transactional.db.engine import PIPELINE_ROLE
from transactional.db.location import Databases
from transactional.vocabulary.errors import InputRejected, Refused

SECRET = "a-secret-of-sixteen-or-more"
NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)
# what a run of dbt publishes, as far as alerts read it
MARTS = """
create schema reconciliation;
create table reconciliation.fct_breaks (break_id text, thread_id text, counts_as_break boolean, break_class text, psp text, account text,
    currency text, amount_minor bigint, event_date date);
create table reconciliation.fct_missing_reports (psp text, account text, business_date date, has_own_movements boolean);
grant usage on schema reconciliation to countroom_pipeline; grant all on all tables in schema reconciliation to countroom_pipeline;
"""


@dataclass
class Receiver:
    """A web server that keeps what it is sent and answers what `answers` says, the last one for ever."""

    answers: list[int]
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    @property
    def ids(self) -> list[str]:
        return [headers["idempotency-key"] for headers, _ in self.seen]


@contextmanager
def receiving(*answers: int) -> Iterator[Receiver]:
    receiver = Receiver(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.seen.append((headers, self.rfile.read(int(headers["content-length"]))))
            self.send_response(receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0])
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with served(server):
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook?token=t0ken"
        yield receiver


@contextmanager
def served(server: socketserver.BaseServer) -> Iterator[None]:
    beside = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    beside.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        beside.join()


@contextmanager
def mailing(*, refuses: bool = False) -> Iterator[tuple[str, list[str]]]:
    """An SMTP server (RFC 5321, as much as a client needs): its address, and the conversations it had."""
    heard: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 mail.example")
            said, in_data = "", False
            while line := self.rfile.readline().decode():
                said += line
                if in_data:
                    in_data = line != ".\r\n"
                    self.say("" if in_data else "250 kept")
                    continue
                verb = line.split()[0].upper()
                in_data = verb == "DATA"
                self.say(
                    {"EHLO": "250-mail.example\r\n250 AUTH PLAIN", "DATA": "354 go on", "QUIT": "221 bye", "AUTH": "235 known"}.get(verb, "250 well"),
                    verb,
                )
                if verb == "QUIT":
                    break
            heard.append(said)

        def say(self, words: str, verb: str = "") -> None:
            if words:
                self.wfile.write(("550 nobody here" if refuses and verb == "RCPT" else words).encode() + b"\r\n")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    with served(server):
        yield f"127.0.0.1:{server.server_address[1]}", heard


@contextmanager
def dripping() -> Iterator[str]:
    """A receiver that answers, one byte at a time, for ever: no read of its client ever times out."""
    ended = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while not ended.wait(0.05):
                try:
                    self.request.sendall(b"H")
                except OSError:
                    return

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    with served(server):
        yield f"127.0.0.1:{server.server_address[1]}"
        ended.set()


@pytest.fixture
def house(database_url: str) -> Warehouse:
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(MARTS)
    return Warehouse(database_url, role=PIPELINE_ROLE)


def break_found(house: Warehouse, thread: str = "brk_1", amount: int = 90_00) -> None:
    with house.transaction() as connection:
        row = [thread, thread, True, "amount", "adyen", "CountroomEU", "EUR", amount, date(2026, 1, 5)]
        connection.execute("insert into reconciliation.fct_breaks values (%s, %s, %s, %s, %s, %s, %s, %s, %s)", row)


def look(house: Warehouse, *channels: Webhook | Mail, hours: int = 0) -> dict[str, int]:
    """What a run does after its marts are published, so many hours after the first."""
    told = tell(house, Courier(channels, language_of("en"), pause_seconds=0.01), lambda: NOW + timedelta(hours=hours))
    return {"new": told.new, "delivered": told.delivered, "waiting": told.waiting}


def test_a_new_break_is_posted_signed_once_and_again_when_it_reopens(house: Warehouse) -> None:
    break_found(house)
    with receiving(204) as receiver:
        hook = Webhook(receiver.url, SECRET)
        assert look(house, hook) == {"new": 1, "delivered": 1, "waiting": 0}
        assert look(house, hook) == {"new": 0, "delivered": 0, "waiting": 0}
        (headers, raw) = receiver.seen[0]
        assert headers[SIGNATURE_HEADER.lower()] == "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
        told = json.loads(raw)
        assert told["message_id"] == headers["idempotency-key"]
        assert [(each["subject"], each["amount_minor"], each["currency"]) for each in told["alerts"]] == [("brk_1", 90_00, "EUR")]
        with house.transaction() as connection:
            connection.execute("delete from reconciliation.fct_breaks")
        look(house, hook)
        break_found(house)
        assert look(house, hook)["delivered"] == 1
    assert len(set(receiver.ids)) == len(receiver.ids) == 2


def test_a_receiver_that_fails_once_is_asked_again_with_the_same_id_and_bytes(house: Warehouse) -> None:
    break_found(house)
    with receiving(500, 200) as receiver:
        assert look(house, Webhook(receiver.url, SECRET))["delivered"] == 1
    assert receiver.seen[0][1] == receiver.seen[1][1]
    assert len(set(receiver.ids)) == 1
    assert house.read(ALERT_MESSAGES)["attempt_count"].to_list() == [2]


def test_a_receiver_that_is_down_fails_no_run_and_is_told_at_the_next(house: Warehouse) -> None:
    break_found(house)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        dead = Webhook(f"http://127.0.0.1:{taken.getsockname()[1]}/hook?token=t0ken", SECRET)
        assert look(house, dead) == {"new": 1, "delivered": 0, "waiting": 1}
    (message,) = house.read(ALERT_MESSAGES).to_dicts()
    assert (message["last_error"], message["delivered_at"]) == ("connection refused", None)
    break_found(house, "brk_2")
    with receiving(200) as receiver:
        hook = Webhook(receiver.url, SECRET)
        assert look(house, hook) == {"new": 1, "delivered": 1, "waiting": 1}  # the trap: a receiver asked again before it can be back
        assert look(house, hook, hours=1) == {"new": 0, "delivered": 1, "waiting": 0}
    assert receiver.ids[1] == message["message_id"]
    assert house.read(ALERT_MESSAGES)["last_error"].to_list() == [None, None]


def test_a_message_that_is_refused_does_not_hold_up_the_next(house: Warehouse) -> None:
    break_found(house)
    with receiving(400) as receiver:
        assert look(house, Webhook(receiver.url, SECRET))["waiting"] == 1
    break_found(house, "brk_2")
    with receiving(400, 200) as receiver:
        assert look(house, Webhook(receiver.url, SECRET), hours=1) == {"new": 1, "delivered": 1, "waiting": 1}
    assert sorted(str(error) for error in house.read(ALERT_MESSAGES)["last_error"]) == ["None", "answered 400"]


def test_a_message_nobody_wants_is_given_up_kept_and_offered_again_by_command(house: Warehouse) -> None:
    # the trap: an address that is gone (410), asked once an hour until somebody looks at its log
    break_found(house)
    with receiving(410) as receiver:
        gone = Webhook(receiver.url, SECRET)
        for hours in range(PERMANENT_TRIES + 2):
            look(house, gone, hours=hours)
    assert len(receiver.seen) == PERMANENT_TRIES
    (message,) = house.read(ALERT_MESSAGES).to_dicts()
    assert (message["delivered_at"], message["last_error"], message["undelivered_at"]) == (None, "answered 410", NOW + timedelta(hours=2))
    with pytest.raises(Refused, match="msg_nobody"):
        offer_again(house, ["msg_nobody", message["message_id"]], NOW)
    with receiving(200) as receiver:
        hook = Webhook(receiver.url, SECRET)
        assert look(house, hook, hours=90) == {"new": 0, "delivered": 0, "waiting": 0}
        assert offer_again(house, [message["message_id"]], NOW + timedelta(hours=91)) == [message["message_id"]]
        assert look(house, hook, hours=91)["delivered"] == 1
    assert receiver.ids == [message["message_id"]]
    assert house.read(ALERT_MESSAGES)["undelivered_at"].to_list() == [None]


def test_what_was_given_up_is_said_by_doctor(house: Warehouse, database_url: str) -> None:
    break_found(house)
    with receiving(422) as receiver:
        for hours in range(PERMANENT_TRIES):
            look(house, Webhook(receiver.url, SECRET), hours=hours)
    (alerts,) = [check for check in databases_seen(Databases(database_url, database_url, local=False)) if check.name == "alerts"]
    assert (alerts.state, "1 messages were given up" in alerts.detail) == (ATTENTION, True)


def test_a_receiver_in_trouble_of_its_own_is_left_alone_until_the_next_look(house: Warehouse) -> None:
    # the trap: two hundred waiting messages, each tried twice against a receiver that answers 503 to all of them
    for n in range(60):
        break_found(house, f"brk_{n}")
    with receiving(503) as receiver:
        assert look(house, Webhook(receiver.url, SECRET)) == {"new": 2, "delivered": 0, "waiting": 2}
    assert len(receiver.seen) == 2


@pytest.mark.parametrize("channel", ["webhook", "email"])
def test_a_receiver_that_never_ends_its_answer_is_left_at_the_deadline(channel: str) -> None:
    # the trap: a time-out per read, which a byte a second never reaches
    with dripping() as address:
        slow = Webhook(f"http://{address}/", SECRET, 0.3) if channel == "webhook" else Mail(f"smtp://{address}", "a@b.example", ("c@d.example",), 0.3)
        begun = time.monotonic()
        with pytest.raises(Undelivered, match="in time") as undelivered:
            slow.send("msg_1", json.dumps({"subject": "s", "text": "t"}))
        assert time.monotonic() - begun < 5
    assert undelivered.value.is_down


def test_a_run_killed_between_sending_and_writing_it_down_sends_again_under_the_same_id(house: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def sent_and_killed(self: Courier, channel: Webhook, message_id: str, body: str) -> None:
        channel.send(message_id, body)
        raise Killed

    break_found(house)
    with receiving(200) as receiver:
        hook = Webhook(receiver.url, SECRET)
        with monkeypatch.context() as patch:
            patch.setattr(Courier, "_send", sent_and_killed)
            with pytest.raises(Killed):
                look(house, hook)
        assert look(house, hook) == {"new": 0, "delivered": 1, "waiting": 0}
    assert receiver.ids[0] == receiver.ids[1]
    assert receiver.seen[0][1] == receiver.seen[1][1]


def test_of_two_who_send_at_once_one_does(house: Warehouse) -> None:
    break_found(house)
    dead = Webhook("http://127.0.0.1:1/", SECRET)
    look(house, dead)
    inside: list[object] = []
    later = NOW + timedelta(hours=1)
    with receiving(200) as receiver:
        hook = Webhook(receiver.url, SECRET)

        class Slow:
            name = "webhook"

            def send(self, message_id: str, body: str) -> None:
                inside.append(Courier([hook], language_of("en")).deliver(house, lambda: later).delivered)
                hook.send(message_id, body)

        assert Courier([Slow()], language_of("en")).deliver(house, lambda: later).delivered == 1
    assert inside == [0]
    assert len(receiver.ids) == 1


def test_an_alert_goes_by_mail_with_an_id_that_mail_readers_know(house: Warehouse) -> None:
    break_found(house)
    with mailing() as (address, heard):
        mail = mail_of(f"smtp://user:pass%40word@{address}", "countroom@casino.example", "finance@casino.example, cfo@casino.example")
        assert look(house, mail)["delivered"] == 1
    (conversation,) = heard
    assert base64.b64encode(b"\0user\0pass@word").decode() in conversation
    assert conversation.count("rcpt TO:") == 2
    message_id = house.read(ALERT_MESSAGES)["message_id"][0]
    assert f"Message-ID: <{message_id}@countroom>" in conversation
    assert "Subject: countroom: one alert" in conversation


def test_a_receiver_that_the_mail_server_does_not_know_is_a_failure_that_names_nobody(house: Warehouse) -> None:
    break_found(house)
    with mailing(refuses=True) as (address, _):
        assert look(house, mail_of(f"smtp://{address}", "a@casino.example", "finance@casino.example"))["waiting"] == 1
    assert house.read(ALERT_MESSAGES)["last_error"].to_list() == ["the mail server refused a receiver"]


def test_without_a_channel_alerts_are_kept_and_told_when_there_is_one(house: Warehouse) -> None:
    break_found(house)
    assert look(house) == {"new": 0, "delivered": 0, "waiting": 0}
    assert house.read(ALERTS).height == 1
    with receiving(200) as receiver:
        assert look(house, Webhook(receiver.url, SECRET))["delivered"] == 1


def made_wrong() -> list[Callable[[], object]]:
    return [
        lambda: webhook_of("ftp://h/t0ken", SECRET),
        lambda: webhook_of("https://h/t0ken", "short"),
        lambda: mail_of("http://u:t0ken@h", "a@b", "c@d"),
        lambda: mail_of("smtp://u:t0ken@h", "nobody", "c@d"),
        lambda: mail_of("smtp://u:t0ken@h", "a@b", "c@d\r\nBcc: e@f"),
        lambda: mail_of("smtp://u:t0ken@h", "a@b", ""),
    ]


@pytest.mark.parametrize("make", made_wrong())
def test_a_channel_that_cannot_work_is_refused_without_its_secrets(make: Callable[[], object]) -> None:
    with pytest.raises(InputRejected, match="COUNTROOM_") as rejected:
        make()
    assert "t0ken" not in str(rejected.value)


def test_a_printed_channel_shows_no_secret() -> None:
    shown = repr([webhook_of("https://h/t0ken", SECRET), mail_of("smtp://u:t0ken@h", "a@b.example", "c@d.example")])
    assert "t0ken" not in shown
    assert SECRET not in shown
