"""Mail to a real server that answers by script, drops connections, has no TLS."""

import socket
import threading

import pytest
from servers.mail import CERTIFICATE, CUT, MailServer

from newsbot.adapters.smtp import SmtpPostman, SmtpServer
from newsbot.errors import MailError
from newsbot.subscribing import Envelope

READER = "reader@example.org"


def envelope(recipient=READER, data=b"Subject: a\r\n\r\nHello\r\n"):
    return Envelope(
        sender="newsbot@example.org",
        recipient=recipient,
        message_id="<a@example.org>",
        data=data,
    )


def postman(server, **changes):
    values = {
        "host": "127.0.0.1",
        "port": server.port,
        "ca_file": str(CERTIFICATE),
        "connect_seconds": 10,
        "answer_seconds": 10,
        "dot_seconds": 10,
    }
    return SmtpPostman(SmtpServer(**{**values, **changes}))


@pytest.fixture
def server():
    with MailServer() as one:
        yield one


def refused(one, mail=None):
    with pytest.raises(MailError) as caught:
        one.carry(mail or envelope())
    one.close()
    assert "\n" not in str(caught.value)
    return caught.value


def test_mail_arrives_over_tls_on_one_connection(server):
    """Several mails go over one encrypted connection, each to one recipient."""
    one = postman(server)
    for name in ("a", "b", "c"):
        assert one.carry(envelope(f"{name}@example.org")).startswith("250")
    one.close()
    assert [taken.recipients for taken in server.taken] == [
        ("a@example.org",),
        ("b@example.org",),
        ("c@example.org",),
    ]
    assert all(taken.tls for taken in server.taken)


def test_dots_at_the_beginning_of_lines_survive(server):
    """A line that is a dot alone ends no mail, and arrives as it was."""
    data = b"Subject: a\r\n\r\n.\r\n..b\r\n.c d\r\nlast"
    postman(server).carry(envelope(data=data))
    assert server.taken[0].data == data + b"\r\n"


def test_no_tls_means_no_mail():
    """A server without TLS gets neither password nor mail; told otherwise it does."""
    with MailServer(tls=False) as server:
        error = refused(postman(server, username="u", password="p"))
        assert "offers no TLS" in str(error)
        assert (error.retry, error.server, error.for_good) == (True, True, False)
        assert server.commands == []
        postman(server, security="none").carry(envelope())
        assert not server.taken[0].tls


def test_a_certificate_that_nobody_vouches_for_is_refused(server):
    """A server that proves nothing gets nothing."""
    error = refused(postman(server, ca_file=""))
    assert "TLS" in str(error)
    assert error.server
    assert server.commands == []


def test_login(tmp_path):
    """The right password lets mail through; a wrong one is the server's no to all."""
    with MailServer(user="me", password="right") as server:
        postman(server, username="me", password="right").carry(envelope())
        assert server.taken[0].user == "me"
        error = refused(postman(server, username="me", password="wrong"))
        assert "user name and password" in str(error)
        assert "wrong" not in str(error)
        assert (error.server, error.for_good, error.retry) == (True, False, True)


def test_a_password_that_no_server_takes():
    """Letters beyond ASCII cannot be sent by smtplib: said, without the password."""
    with MailServer(user="me", password="right") as server:
        error = refused(postman(server, username="me", password="geheimß"))
        assert "ASCII" in str(error)
        assert "geheim" not in str(error)
        assert error.server


@pytest.mark.parametrize("where", ["rcpt", "data", "dot"])
@pytest.mark.parametrize(
    ("answer", "for_good", "lost"),
    [
        ("421 4.3.2 closing", False, True),
        ("450 4.2.0 greylisted", False, False),
        ("451 4.3.0 local error", False, False),
        ("452 4.2.2 full", False, False),
        ("550 5.1.1 no such user", True, False),
        ("552 5.2.2 over quota", True, False),
        ("554 5.7.1 no", True, False),
    ],
)
def test_what_a_server_says_of_one_recipient(server, where, answer, for_good, lost):
    """4yz asks to come again, 5yz never to; the next recipient is served either way."""
    server.on(where, READER, answer)
    one = postman(server)
    with pytest.raises(MailError) as caught:
        one.carry(envelope())
    error = caught.value
    assert (error.for_good, error.retry, error.lost) == (for_good, not for_good, lost)
    assert not error.server
    assert answer[:3] in str(error)
    assert one.carry(envelope("next@example.org")).startswith("250")
    one.close()


def test_a_sender_that_is_refused_is_no_recipients_fault(server):
    """5yz to MAIL suspends nobody: the sender is the operator's."""
    server.on("mail", "newsbot@example.org", "550 5.7.1 who are you")
    error = refused(postman(server))
    assert (error.for_good, error.server, error.retry) == (False, True, True)


@pytest.mark.parametrize(
    ("where", "unknown"), [("rcpt", False), ("data", None), ("dot", True)]
)
def test_connections_that_are_lost(server, where, unknown):
    """A drop is tried again; after the final dot nobody knows, and that is said."""
    server.on(where, READER, CUT, None)
    one = postman(server)
    with pytest.raises(MailError) as caught:
        one.carry(envelope())
    error = caught.value
    assert (error.retry, error.lost, error.for_good) == (True, True, False)
    # A drop in mid-text may be seen only after the dot was sent: then nobody knows.
    assert error.unknown is (error.unknown if unknown is None else unknown)
    assert ("may have arrived" in str(error)) is error.unknown
    assert one.carry(envelope()).startswith("250")
    one.close()


def test_nobody_listens():
    """A refused connection is the server's trouble, in one line."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    one = SmtpPostman(SmtpServer(host="127.0.0.1", port=port))
    error = refused(one)
    assert error.server
    assert "ConnectionRefusedError" in str(error)


def test_the_answer_to_the_dot_has_its_own_patience():
    """A silence after the dot is waited out, though other answers must be quicker."""
    ready = socket.create_server(("127.0.0.1", 0))

    def serve():
        client, _ = ready.accept()
        lines = client.makefile("rb")
        client.sendall(b"220 slow\r\n")
        for line in lines:
            if line.upper().startswith(b"DATA"):
                client.sendall(b"354 go on\r\n")
                while lines.readline() != b".\r\n":
                    pass
                # Longer than `answer_seconds`, shorter than `dot_seconds`.
                threading.Event().wait(0.8)
                client.sendall(b"250 at last\r\n")
            else:
                client.sendall(b"250 ok\r\n")
            if line.upper().startswith(b"QUIT"):
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    server = SmtpServer(
        host="127.0.0.1",
        port=ready.getsockname()[1],
        security="none",
        answer_seconds=0.4,
        dot_seconds=30,
    )
    one = SmtpPostman(server)
    assert one.carry(envelope()) == "250 at last"
    one.close()
    thread.join(timeout=30)
    ready.close()


def test_passwords_are_not_shown():
    """Neither the server's nor any error's text holds the password."""
    server = SmtpServer(host="h", username="u", password="geheim")
    assert "geheim" not in repr(server)
