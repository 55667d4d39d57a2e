"""Where bounces are read from: each mail once, marked when it is done, and nothing deleted."""

import io
import mailbox
import re
import socketserver
import ssl
import subprocess
import threading

import pytest

from pipeline.errors import ConfigError, DeliveryError, TransientDeliveryError
from pipeline.series import _imap
from pipeline.series.bounces import MOST
from pipeline.series.sources import mails

FIRST = b"Subject: first\n\nOne.\n"
SECOND = b"Subject: second\n\nFrom here on: two.\n\n>From there: three.\n"


def no_password() -> str:
    raise AssertionError("nobody asked for a password")


def read(address, stdin=b"") -> list:
    return list(mails(str(address), io.BytesIO(stdin), no_password))


# --------------------------------------------------------------------------- files


def test_stdin_is_one_mail_with_or_without_the_line_of_an_mbox():
    (plain,), (piped,) = read("-", FIRST), read("-", b"From bea Mon Jan  4 08:00:00 2027\n" + FIRST)
    assert plain.raw == piped.raw == FIRST
    assert plain.id == piped.id
    assert read("-", b"\n") == []


def test_a_file_is_one_mail(tmp_path):
    path = tmp_path / "bounce.eml"
    path.write_bytes(FIRST)
    (mail,) = read(path)
    mail.done()
    assert mail.raw == path.read_bytes() == FIRST


def test_an_mbox_holds_the_mails_that_other_programs_find_in_it(tmp_path):
    path = tmp_path / "bounces.mbox"
    box = mailbox.mbox(path)
    for content in (FIRST, SECOND):
        box.add(content)
    expected = [box.get_bytes(key).strip() for key in box.keys()]  # noqa: SIM118 (a mailbox yields messages)
    box.close()
    before = path.read_bytes()
    found = read(path)
    assert [mail.raw.strip() for mail in found] == expected
    assert len({mail.id for mail in found}) == 2
    for mail in found:
        mail.done()
    assert path.read_bytes() == before
    assert [mail.id for mail in read(path)] == [mail.id for mail in found]


@pytest.fixture
def maildir(tmp_path):
    box = mailbox.Maildir(tmp_path / "bounces")
    for content in (FIRST, SECOND):
        box.add(content)
    return box


def test_a_maildirs_mail_is_read_until_it_is_done_and_stays(maildir):
    first, second = read(maildir._path)
    assert {first.raw, second.raw} == {FIRST, SECOND}
    first.done()
    first.done()
    (left,) = read(maildir._path)
    assert (left.id, left.raw) == (second.id, second.raw)
    marks = {message.get_subdir(): message.get_flags() for message in mailbox.Maildir(maildir._path)}
    assert marks == {"cur": "S", "new": ""}


def test_a_maildirs_mail_keeps_its_id_and_marks_when_another_program_moves_it(maildir):
    (key, message), *_ = sorted(maildir.items())
    before = {mail.id for mail in read(maildir._path)}
    message.set_subdir("cur")
    message.set_flags("FR")
    maildir[key] = message
    found = read(maildir._path)
    assert {mail.id for mail in found} == before
    for mail in found:
        mail.done()
    assert mailbox.Maildir(maildir._path)[key].get_flags() == "FRS"


def test_a_mail_that_is_gone_meanwhile_is_passed_over(maildir):
    found = mails(maildir._path, io.BytesIO(), no_password)
    first = next(found)
    maildir.clear()
    first.done()
    assert list(found) == []


def test_a_large_mail_is_read_to_the_limit(tmp_path, maildir):
    maildir.clear()
    large = FIRST + b"x" * MOST
    maildir.add(large)
    (tmp_path / "large.eml").write_bytes(large)
    (tmp_path / "large.mbox").write_bytes(b"From bea\n" + (b"x\n" * MOST) + b"\nFrom bea\n" + FIRST)
    assert [len(mail.raw) for mail in read(maildir._path)] == [MOST]
    assert [len(mail.raw) for mail in read(tmp_path / "large.eml")] == [MOST]
    assert [len(mail.raw) for mail in read(tmp_path / "large.mbox")] == [MOST, len(FIRST)]
    assert [len(mail.raw) for mail in read("-", large)] == [MOST]


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("nowhere.mbox", "no such file"),
        (".", "no maildir"),
        ("imap://bea@mail.example.org/INBOX", "can't be read from there"),
        ("pop3://bea:word@mail.example.org", "can't be read from there"),
        ("imaps://mail.example.org/INBOX", "not an address of a mailbox"),
        ("imaps://bea@mail.example.org:x/INBOX", "not an address of a mailbox"),
        ("imaps://bea@mail.example.org/a%22%0D%0Ab", "not an address of a mailbox"),
        ("imaps://bea:word@mail.example.org/INBOX", "seen by others"),
    ],
)
def test_a_place_that_cannot_be_read_is_told_without_its_password(address, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=told) as raised:
        read(address)
    assert "word@" not in str(raised.value)
    assert ":word" not in str(raised.value)


# --------------------------------------------------------------------------- IMAP


class Session(socketserver.StreamRequestHandler):
    """As much of IMAP4rev1 as reads a mailbox, spoken over TLS."""

    def setup(self):
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self):
        super().finish()
        self.request.close()

    def say(self, line: bytes):
        self.wfile.write(line + b"\r\n")

    def handle(self):
        box = self.server
        self.say(b"* OK ready")
        for line in self.rfile:
            tag, _, command = line.strip().partition(b" ")
            box.heard.append(command)
            if command == b"CAPABILITY":
                self.say(b"* CAPABILITY IMAP4rev1" + box.extension)
            elif command.startswith(b"AUTHENTICATE PLAIN"):
                self.say(b"+ ")
                box.heard.append(self.rfile.readline().strip())
            elif command.startswith(b"LOGIN") and box.password not in command:
                self.say(tag + b" NO wrong: " + command)
                continue
            elif command.startswith(b"SELECT"):
                self.say(b"* 2 EXISTS\r\n* OK [UIDVALIDITY 77] good")
            elif command.startswith(b"UID SEARCH"):
                self.say(b"* SEARCH " + b" ".join(b"%d" % uid for uid in box.mails if uid not in box.seen))
            elif command.startswith(b"UID FETCH"):
                uid = int(command.split()[2])
                if box.hangs_up:
                    return
                raw = box.mails[uid][: int(re.search(rb"<0\.(\d+)>", command)[1])]
                self.say(b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n%s)" % (uid, len(raw), raw))
            elif command.startswith(b"UID STORE"):
                box.seen.add(int(command.split()[2]))
            elif command == b"LOGOUT":
                self.say(b"* BYE")
            self.say(tag + b" OK done")
            if command == b"LOGOUT":
                return


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        """Say nothing: a client that doesn't trust the certificate is one of the tests."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost"
    words += " -addext subjectAltName=DNS:localhost -keyout key.pem -out certificate.pem"
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def server(certificate):
    with Server(("127.0.0.1", 0), Session) as server:
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
        server.mails, server.seen, server.heard = {9: FIRST, 12: SECOND}, set(), []
        server.password, server.extension, server.hangs_up = b"horse", b"", False
        server.trust = ssl.create_default_context(cafile=certificate / "certificate.pem")
        server.address = f"imaps://bea%40example.org@localhost:{server.server_address[1]}/INBOX"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def unseen(server, password="horse", most=MOST):
    return _imap.unseen(server.address, lambda: password, most, server.trust)


@pytest.mark.needs("openssl")
def test_a_mailboxs_mail_is_read_unseen_and_marked_when_it_is_done(server):
    found = []
    for name, raw, done in unseen(server):
        found.append((name, raw))
        if raw == FIRST:
            done()
    assert found == [("imap:77.9", FIRST), ("imap:77.12", SECOND)]
    assert server.seen == {9}
    assert [name for name, *_ in unseen(server)] == ["imap:77.12"]
    words = {command.split()[0] for command in server.heard}
    assert words == {b"CAPABILITY", b"LOGIN", b"SELECT", b"UID", b"LOGOUT"}
    assert not [command for command in server.heard if b"FETCH" in command and b"BODY.PEEK" not in command]


@pytest.mark.needs("openssl")
def test_a_mailboxs_mail_is_fetched_to_the_limit(server):
    assert [raw for _, raw, _ in unseen(server, most=7)] == [FIRST[:7], SECOND[:7]]


@pytest.mark.needs("openssl")
def test_a_password_beyond_ascii_is_sent_where_the_server_takes_it(server):
    with pytest.raises(DeliveryError, match="takes ASCII only"):
        list(unseen(server, "hörse"))
    server.extension = b" AUTH=PLAIN"
    assert len(list(unseen(server, "hörse"))) == 2


@pytest.mark.needs("openssl")
def test_a_wrong_password_is_told_and_not_shown(server):
    with pytest.raises(DeliveryError, match="QUIRE_IMAP_PASSWORD") as raised:
        list(unseen(server, "donkey"))
    assert not isinstance(raised.value, TransientDeliveryError)
    assert "donkey" not in str(raised.value)


@pytest.mark.needs("openssl")
def test_a_server_that_hangs_up_may_be_asked_later(server):
    server.hangs_up = True
    with pytest.raises(TransientDeliveryError, match="Try again later"):
        list(unseen(server))


@pytest.mark.needs("openssl")
def test_a_certificate_that_nobody_vouches_for_is_refused(server):
    with pytest.raises(TransientDeliveryError, match="certificate"):
        list(mails(server.address, io.BytesIO(), lambda: "horse"))
    assert server.heard == []


def test_a_server_that_is_not_there_may_be_asked_later():
    with pytest.raises(TransientDeliveryError, match="refused"):
        list(mails("imaps://bea@localhost:1/INBOX", io.BytesIO(), lambda: "horse"))
