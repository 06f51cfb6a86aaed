"""TLS for a server in an event loop, with the alert that says why a handshake failed.

The loop's own TLS hangs up without sending it, and then a client cannot tell a refused certificate
from a broken network.
"""

import asyncio
import ssl

_CHUNK = 1 << 16


class TlsProtocol(asyncio.Protocol):
    """The server's end of a TLS connection: subclasses see plain bytes only."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._is_secure = False
        self._is_refused = False
        self._transport: asyncio.Transport | None = None

    def secured(self, tls: ssl.SSLObject) -> None:
        """The handshake is done."""
        raise NotImplementedError

    def received(self, data: bytes) -> None:
        """Plain bytes have come."""
        raise NotImplementedError

    def send(self, data: bytes) -> None:
        """Send plain bytes."""
        self._tls.write(data)
        self._flush()

    def hang_up(self) -> None:
        """Close once everything is sent."""
        if self._transport:
            self._transport.close()

    def cut(self) -> None:
        """Close at once, without a word."""
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The network's part is done; now the client speaks first."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Bytes from the network."""
        if self._is_refused:
            return
        self._incoming.write(data)
        try:
            self._shake_hands()
            plain = self._read()
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError:
            self._refuse()
        else:
            self._flush()
            if plain:
                self.received(plain)

    def _shake_hands(self) -> None:
        if not self._is_secure:
            self._tls.do_handshake()
            self._is_secure = True
            self.secured(self._tls)

    def _read(self) -> bytes:
        parts = []
        try:
            while part := self._tls.read(_CHUNK):
                parts.append(part)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.hang_up()
        return b"".join(parts)

    def _refuse(self) -> None:
        """Send the alert and wait for the client to leave: closing first could overtake it."""
        self._is_refused = True
        self._flush()
        if self._transport and self._transport.can_write_eof():
            self._transport.write_eof()

    def _flush(self) -> None:
        if self._transport and (data := self._outgoing.read()):
            self._transport.write(data)
