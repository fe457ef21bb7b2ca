"""A real forward proxy on loopback that knows CONNECT, and says what it was asked."""

from __future__ import annotations

import socket
import threading

from servers.scripted import ScriptedServer


class ForwardProxy:
    """Opens every way to one server of the tests, whatever address is asked for.

    Args:
        port: Where that server listens, on loopback.
        answer: What is said to CONNECT; anything but a 200 opens no way.
    """

    def __init__(self, port: int, answer: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> None:
        self._port, self._answer = port, answer
        self._server = ScriptedServer(on_connect=self._serve)
        #: Each request as it came.
        self.asked: list[str] = []

    def __enter__(self) -> ForwardProxy:
        self._server.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.__exit__(*error)

    def address(self, user: str = "") -> str:
        """Its address, as an operator would write it."""
        return f"http://{user}{'@' if user else ''}{self._server.netloc}"

    def _serve(self, client: socket.socket) -> None:
        asked = b""
        while not asked.endswith(b"\r\n\r\n"):
            byte = client.recv(1)
            if not byte:
                return
            asked += byte
        self.asked.append(asked.decode("latin-1"))
        client.sendall(self._answer)
        if b" 200 " not in self._answer[:13]:
            return
        with socket.create_connection(("127.0.0.1", self._port)) as server:
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            _pump(client, server)
            back.join(5)


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return  # one side is gone: so is the way
