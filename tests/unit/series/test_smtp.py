import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail_server import HOST, Dialog, Received, a_mail_server, a_scripted_server, lets_in, server_context

from pipeline.errors import PermanentDeliveryError
from pipeline.series.message import Envelope
from pipeline.series.outcome import Outcome
from pipeline.series.smtp import Patience, Server, SmtpTransport

ENVELOPE = Envelope("bounces+token@example.com", "ann@example.org")
CONTENT = b"From: a@example.com\r\nSubject: A subject\r\n\r\nHello.\r\n.\r\n..two\r\n.dot\r\nend\r\n"
QUICK = Patience(connect=5, command=5, content=5, reply=5)
HASTY = Patience(connect=5, command=0.3, content=0.3, reply=0.3)
Contexts: TypeAlias = tuple[ssl.SSLContext, ssl.SSLContext]
# Either way of handing over: three round trips, or one.
BOTH_WAYS = pytest.mark.parametrize("extensions", [(), ("PIPELINING",)], ids=["in turn", "at once"])


@contextlib.contextmanager
def a_transport(port: int, patience: Patience = QUICK, **options: object) -> Iterator[SmtpTransport]:
    """Give a transport to an unencrypted server, which is closed in the end."""
    transport = SmtpTransport(Server(HOST, port, "none"), patience=patience, **options)  # type: ignore[arg-type]
    try:
        yield transport
    finally:
        transport.close()


def sent_to(
    received: Received, patience: Patience = QUICK, envelope: Envelope = ENVELOPE, **options: object
) -> Outcome:
    """Return what becomes of one message to a real server."""
    with a_mail_server(received, **options) as port, a_transport(port, patience) as transport:
        return transport.send(envelope, CONTENT)


def scripted(*scripts: Callable[[Dialog], None], content: bytes = CONTENT, patience: Patience = QUICK) -> Outcome:
    """Return what becomes of one message to a server that follows scripts."""
    with a_scripted_server(*scripts) as port, a_transport(port, patience) as transport:
        return transport.send(ENVELOPE, content)


# --------------------------------------------------------------------------- what is taken


@BOTH_WAYS
def test_a_message_arrives_byte_for_byte_with_its_envelope(extensions: tuple[str, ...]) -> None:
    received = Received(*extensions)
    outcome = sent_to(received)
    assert outcome == Outcome("accepted", "reply", 250, "2.0.0", "Ok")
    [message] = received.messages
    assert (message.mail_from, message.rcpt_tos) == (ENVELOPE.sender, [ENVELOPE.recipient])
    assert received.contents() == [CONTENT]
    assert f"SIZE={len(CONTENT)}" in message.mail_options


@pytest.fixture(scope="module")
def everything() -> Iterator[tuple[Received, SmtpTransport]]:
    received = Received("PIPELINING")
    with a_mail_server(received) as port, a_transport(port) as transport:
        yield received, transport


@given(st.lists(st.sampled_from([b"\r\n", b".", b"..", b"a", b"\r\n.\r\n", b"MAIL FROM:<x>\r\n", b"="]), max_size=30))
def test_whatever_is_in_a_message_arrives_as_one_message(
    everything: tuple[Received, SmtpTransport], pieces: list[bytes]
) -> None:
    received, transport = everything
    content = b"".join([*pieces, b"\r\n"])
    before = len(received.messages)
    assert transport.send(ENVELOPE, content).kind == "accepted"
    assert received.contents()[before:] == [content]


@pytest.mark.parametrize("content", [b"a\nb\r\n", b"a\rb\r\n", b"a\n.\nMAIL FROM:<x>\n"])
def test_a_line_that_ends_otherwise_than_in_crlf_never_goes_out(content: bytes) -> None:
    with a_transport(1) as transport, pytest.raises(ValueError, match="CRLF"):
        transport.send(ENVELOPE, content)


def test_one_connection_takes_many_messages_and_is_made_anew_after_so_many() -> None:
    received = Received("PIPELINING")
    with a_mail_server(received) as port, a_transport(port, most=3) as transport:
        assert all(transport.send(ENVELOPE, CONTENT).kind == "accepted" for _ in range(7))
    connections = [session.peer for session in received.sessions]
    assert len(connections) == 7
    assert [connections.count(peer) for peer in dict.fromkeys(connections)] == [3, 3, 1]


@pytest.mark.parametrize("address", ["a b@example.org", "a@example.org>\r\nRSET", "a\x00@b.c", "<a@b.c>"])
def test_an_address_that_would_be_a_command_is_refused_before_anything_is_said(address: str) -> None:
    with a_transport(1) as transport:
        outcome = transport.send(Envelope("bounces@example.com", address), CONTENT)
    assert (outcome.kind, outcome.stage, outcome.enhanced) == ("refused", "rcpt", "5.1.3")


# --------------------------------------------------------------------------- what is refused or put off


@BOTH_WAYS
@pytest.mark.parametrize("stage", ["mail", "rcpt", "reply"])
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("550 5.1.1 No such user here", ("refused", 550, "5.1.1", "No such user here")),
        ("451 4.7.1 Greylisted", ("deferred", 451, "4.7.1", "Greylisted")),
        ("552 Too much", ("refused", 552, "", "Too much")),
    ],
)
def test_a_reply_is_told_with_its_stage_and_the_next_message_goes_on(
    extensions: tuple[str, ...], stage: str, reply: str, expected: tuple[str, int, str, str]
) -> None:
    received = Received(*extensions)
    received.acts[stage] = reply
    with a_mail_server(received) as port, a_transport(port) as transport:
        outcome = transport.send(ENVELOPE, CONTENT)
        received.acts.clear()
        assert transport.send(ENVELOPE, CONTENT).kind == "accepted"
    assert outcome.stage == stage
    assert (outcome.kind, outcome.code, outcome.enhanced, outcome.text) == expected
    assert len(received.messages) == 1


@BOTH_WAYS
@pytest.mark.parametrize("stage", ["mail", "rcpt", "reply"])
def test_421_puts_a_message_off_and_slows_the_sender_down(extensions: tuple[str, ...], stage: str) -> None:
    received = Received(*extensions)
    received.acts[stage] = "421 4.3.2 Shutting down"
    outcome = sent_to(received)
    assert (outcome.kind, outcome.stage, outcome.code, outcome.slows) == ("deferred", stage, 421, True)


def refuses_and_hangs_up(dialog: Dialog) -> None:
    dialog.greet("PIPELINING")
    for reply in ("250 Ok", "550 5.1.1 Nobody"):
        dialog.hear()
        dialog.say(reply)


def test_a_refusal_counts_though_the_server_hangs_up_after_it() -> None:
    outcome = scripted(refuses_and_hangs_up)
    assert (outcome.kind, outcome.stage, outcome.enhanced) == ("refused", "rcpt", "5.1.1")


def test_a_server_that_wants_a_login_stops_the_whole_sending() -> None:
    received = Received()
    received.acts["mail"] = "530 5.7.0 Authentication required"
    with pytest.raises(PermanentDeliveryError, match="530 Authentication required"):
        sent_to(received)


def test_a_message_that_is_too_large_is_refused_before_it_is_sent() -> None:
    received = Received()
    outcome = sent_to(received, data_size_limit=50)
    assert (outcome.kind, outcome.stage, outcome.enhanced) == ("refused", "mail", "5.3.4")
    assert "takes 50" in outcome.text


BEYOND = Envelope("bounces@example.com", "zoë@example.org", needs_smtputf8=True)


def test_an_address_beyond_ascii_arrives_where_it_may() -> None:
    received = Received()
    assert sent_to(received, envelope=BEYOND).kind == "accepted"
    [message] = received.messages
    assert message.rcpt_tos == ["zoë@example.org"]
    assert "SMTPUTF8" in message.mail_options


def test_an_address_beyond_ascii_is_refused_where_it_may_not() -> None:
    outcome = sent_to(Received(), envelope=BEYOND, enable_SMTPUTF8=False)
    assert (outcome.kind, outcome.enhanced) == ("refused", "5.6.7")
    assert "beyond ASCII" in outcome.text


def test_smtputf8_is_not_asked_for_without_need() -> None:
    received = Received()
    sent_to(received)
    assert not {"SMTPUTF8", "BODY=8BITMIME"} & set(received.messages[0].mail_options)


# --------------------------------------------------------------------------- what ends on the way


@BOTH_WAYS
@pytest.mark.parametrize("stage", ["mail", "rcpt"])
def test_a_connection_that_ends_before_the_content_surely_sent_nothing(extensions: tuple[str, ...], stage: str) -> None:
    received = Received(*extensions)
    received.acts[stage] = "drop"
    outcome = sent_to(received)
    assert (outcome.kind, outcome.stage, outcome.code) == ("deferred", stage, 0)


@BOTH_WAYS
def test_a_connection_that_ends_after_the_last_dot_leaves_the_message_in_doubt(extensions: tuple[str, ...]) -> None:
    received = Received(*extensions)
    received.acts["reply"] = "drop"
    outcome = sent_to(received)
    assert (outcome.kind, outcome.stage, outcome.code) == ("in_doubt", "reply", 0)


@BOTH_WAYS
@pytest.mark.parametrize(("stage", "kind"), [("mail", "deferred"), ("rcpt", "deferred"), ("reply", "in_doubt")])
def test_a_server_that_does_not_answer_in_time_is_given_up(extensions: tuple[str, ...], stage: str, kind: str) -> None:
    received = Received(*extensions)
    received.acts[stage] = 1.0
    outcome = sent_to(received, HASTY)
    assert (outcome.kind, outcome.stage) == (kind, stage)
    assert outcome.text == "no answer in time"


def hangs_up_in_the_content(dialog: Dialog) -> None:
    dialog.greet("PIPELINING")
    for reply in ("250 Ok", "250 Ok", "354 go on"):
        dialog.hear()
        dialog.say(reply)
    dialog.hear()
    dialog.reset()


def test_a_message_of_which_not_all_has_left_is_not_in_doubt() -> None:
    outcome = scripted(hangs_up_in_the_content, content=b"x" * 70 + b"\r\n" + b"y" * 40_000_000 + b"\r\n")
    assert (outcome.kind, outcome.stage) == ("deferred", "content")


def answers_nonsense_to_the_content(dialog: Dialog) -> None:
    dialog.greet()
    for reply in ("250 Ok", "250 Ok", "354 go on"):
        dialog.hear()
        dialog.say(reply)
    dialog.hear_content()
    dialog.say("well done")


def test_nonsense_after_the_last_dot_leaves_the_message_in_doubt() -> None:
    assert scripted(answers_nonsense_to_the_content).kind == "in_doubt"


def takes_one_and_hangs_up(dialog: Dialog) -> None:
    dialog.greet()
    for reply in ("250 Ok", "250 Ok", "354 go on"):
        dialog.hear()
        dialog.say(reply)
    dialog.hear_content()
    dialog.say("250 2.0.0 Taken")


@pytest.mark.parametrize(("replies", "stage"), [(("550 No", "250 Ok"), "mail"), (("250 Ok", "550 No"), "rcpt")])
def test_a_server_that_waits_for_what_it_refused_gets_nothing(replies: tuple[str, str], stage: str) -> None:
    heard = []

    def waits_for_what_it_refused(dialog: Dialog) -> None:
        dialog.greet("PIPELINING")
        for reply in (*replies, "354 go on"):
            dialog.hear()
            dialog.say(reply)
        heard.append(dialog.hear_content())

    with a_scripted_server(waits_for_what_it_refused, takes_one_and_hangs_up) as port, a_transport(port) as transport:
        outcome = transport.send(ENVELOPE, CONTENT)
        assert (outcome.kind, outcome.stage) == ("refused", stage)
        assert transport.send(ENVELOPE, CONTENT).text == "Taken"
    assert heard == [b""]


def test_a_connection_that_the_server_ended_meanwhile_is_made_anew_and_nothing_is_sent_twice() -> None:
    with a_scripted_server(takes_one_and_hangs_up, takes_one_and_hangs_up) as port, a_transport(port) as transport:
        assert [transport.send(ENVELOPE, CONTENT).kind for _ in range(2)] == ["accepted", "accepted"]


# --------------------------------------------------------------------------- no connection


def test_a_server_that_is_not_there_puts_a_message_off() -> None:
    with socket.create_server((HOST, 0)) as closing:
        port = closing.getsockname()[1]
    with a_transport(port) as transport:
        outcome = transport.send(ENVELOPE, CONTENT)
    assert (outcome.kind, outcome.stage, outcome.code) == ("deferred", "connect", 0)
    assert "refused" in outcome.text


@pytest.mark.parametrize(
    ("error", "pauses"), [(socket.EAI_NONAME, [1, 2]), (socket.EAI_AGAIN, [])], ids=["none", "not now"]
)
def test_a_name_that_is_not_found_stops_the_sending_after_all_tries(
    monkeypatch: pytest.MonkeyPatch, error: int, pauses: list[int]
) -> None:
    def lookup(*arguments: object, **options: object) -> None:
        raise socket.gaierror(error, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    waited: list[float] = []
    transport = SmtpTransport(Server("mail.invalid", 25, "none"), pause=waited.append)
    if error == socket.EAI_AGAIN:
        assert transport.send(ENVELOPE, CONTENT).stage == "connect"
    else:
        with pytest.raises(PermanentDeliveryError, match=r"there is no host mail\.invalid"):
            transport.send(ENVELOPE, CONTENT)
    assert waited == pauses


def test_a_greeting_that_puts_off_is_no_refusal_of_the_message() -> None:
    outcome = scripted(lambda dialog: dialog.say("421 4.3.2 Too busy"))
    assert (outcome.kind, outcome.stage, outcome.code, outcome.slows) == ("deferred", "connect", 421, True)


def test_a_greeting_that_refuses_us_stops_the_sending() -> None:
    with pytest.raises(PermanentDeliveryError, match="doesn't talk to this machine: 554 Not you"):
        scripted(lambda dialog: dialog.say("554 5.7.1 Not you"))


# --------------------------------------------------------------------------- TLS and login


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Contexts:
    """Return the TLS settings of a server with a self-made certificate, and of a client that believes it."""
    folder = tmp_path_factory.mktemp("tls")
    return server_context(folder), ssl.create_default_context(cafile=str(folder / "certificate.pem"))


def over_tls(port: int, context: ssl.SSLContext | None, user: str = "", password: str = "") -> Outcome:
    server = Server("localhost", port, "starttls", user)
    transport = SmtpTransport(server, password, context, QUICK)
    try:
        return transport.send(ENVELOPE, CONTENT)
    finally:
        transport.close()


def test_messages_go_over_starttls_to_a_certificate_that_is_believed(
    tls: Contexts,
) -> None:
    received = Received("PIPELINING")
    with a_mail_server(received, tls_context=tls[0], require_starttls=True) as port:
        assert over_tls(port, tls[1]).kind == "accepted"
    assert received.sessions[0].ssl is not None


def test_messages_go_over_tls_from_the_start(tls: Contexts) -> None:
    received = Received()
    with a_mail_server(received, ssl_context=tls[0]) as port:
        transport = SmtpTransport(Server("localhost", port, "tls"), "", tls[1], QUICK)
        assert [transport.send(ENVELOPE, CONTENT).kind for _ in range(3)] == ["accepted"] * 3
        transport.close()
    assert len({session.peer for session in received.sessions}) == 1


def test_a_certificate_that_nobody_vouches_for_stops_the_sending(tls: Contexts) -> None:
    received = Received()
    with (
        a_mail_server(received, tls_context=tls[0]) as port,
        pytest.raises(PermanentDeliveryError, match="localhost: no TLS: "),
    ):
        over_tls(port, None)
    assert not received.messages


def test_without_starttls_nothing_goes_out(tls: Contexts) -> None:
    received = Received()
    with a_mail_server(received) as port, pytest.raises(PermanentDeliveryError, match="offers no STARTTLS"):
        over_tls(port, tls[1])
    assert not received.messages


PASSWORDS = ["right", "pass word:\\\"'", "пароль-ñ"]


@pytest.mark.parametrize("password", PASSWORDS)
def test_the_right_password_lets_us_in(tls: Contexts, password: str) -> None:
    received = Received()
    options = {"tls_context": tls[0], "authenticator": lets_in("ann@example.com", password), "auth_required": True}
    with a_mail_server(received, **options) as port:
        assert over_tls(port, tls[1], "ann@example.com", password).kind == "accepted"
    assert received.sessions[0].authenticated


@pytest.mark.parametrize("password", ["wrong-secret", "wrong-secret-ñ"])
def test_a_wrong_password_stops_the_sending_and_is_not_told(tls: Contexts, password: str) -> None:
    received = Received()
    options = {"tls_context": tls[0], "authenticator": lets_in("ann", "right"), "auth_required": True}
    with (
        a_mail_server(received, **options) as port,
        pytest.raises(PermanentDeliveryError, match="let ann in: 535") as it,
    ):
        over_tls(port, tls[1], "ann", password)
    assert "wrong-secret" not in str(it.value)
    assert not received.messages


def test_a_login_where_none_is_offered_stops_the_sending(tls: Contexts) -> None:
    options = {"tls_context": tls[0], "auth_exclude_mechanism": ["LOGIN", "PLAIN"]}
    with (
        a_mail_server(Received(), **options) as port,
        pytest.raises(PermanentDeliveryError, match="offers no"),
    ):
        over_tls(port, tls[1], "ann", "right")
