"""A TCP relay that can fall silent: connections stay open, and nothing passes any more."""

import contextlib
import socket
import threading
from types import TracebackType


class Relay:
    """Listens on a free port of loopback, or of `at`, and passes bytes on to `host`:`port`, both
    ways."""

    def __init__(self, host: str, port: int, at: str = "127.0.0.1") -> None:
        self.silent = threading.Event()
        self._to = (host, port)
        self._server = socket.create_server((at, 0))
        self.port: int = self._server.getsockname()[1]
        self._sockets = [self._server]

    def __enter__(self) -> "Relay":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.create_connection(self._to)
                self._sockets += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, to: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self.silent.is_set():
                    to.sendall(data)
            to.shutdown(socket.SHUT_WR)
