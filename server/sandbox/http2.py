"""The server's end of an HTTP/2 connection, as far as a push service needs it (RFC 9113).

Made for speed: many small requests come in one read, and their answers leave in one write. What
to answer is a subclass's business. No dynamic table is used in either direction, so that every
header block stands alone.
"""

import ssl
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from struct import Struct
from typing import ClassVar

from server.sandbox.header_blocks import HeaderBlocks, HeaderError, Headers, MalformedRequest
from server.sandbox.tls import TlsProtocol

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_FRAME = Struct(">HBBBL")  # length (high, low), type, flags, stream
_DATA, _HEADERS, _PRIORITY, _RESET, _SETTINGS, _PROMISE = range(6)
_PING, _GOAWAY, _WINDOW, _CONTINUATION = range(6, 10)
_END_STREAM = _ACK = 0x1
_END_HEADERS, _PADDED, _PRIORITISED = 0x4, 0x8, 0x20
_TABLE_SIZE, _MAX_STREAMS, _INITIAL_WINDOW = 0x1, 0x3, 0x4
_MAX_FRAME = 1 << 14
_MAX_HEADERS = 1 << 16
_WINDOW_SIZE = 65535
_BODY_LIMIT = 1 << 14
_STATUS = {200: b"\x88", 400: b"\x8c", 404: b"\x8d", 500: b"\x8e"}  # the static table's
_ID_NAME = b"\x00\x07apns-id"


class Code(IntEnum):
    """Why a stream or a connection ends (RFC 9113, 7)."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9


class _Broken(Exception):
    """The client broke the protocol: the connection ends."""

    def __init__(self, code: Code) -> None:
        self.code = code


class Http2(TlsProtocol):
    """A connection: `requested` is called for each whole request."""

    def __init__(self, context: ssl.SSLContext, *, max_streams: int) -> None:
        super().__init__(context)
        self.is_over = False
        self._is_leaving = False
        self._blocks = HeaderBlocks()
        self._rest = b""
        self._needs_preface = True
        self._out: list[bytes] = []
        self._open: dict[int, Headers | None] = {}  # None: being answered
        self._bodies: dict[int, bytes] = {}
        self._half_block: tuple[int, int, bytes] | None = None
        self._newest = 0
        self._limit = 1 << 31  # until the client has heard of ours
        self._announced: deque[int] = deque([max_streams])
        self._wanted_limit = max_streams
        self._received = 0
        self._window = self._stream_window = _WINDOW_SIZE
        self._held_back: deque[tuple[int, bytes]] = deque()

    def requested(self, stream: int, headers: Headers, body: bytes) -> None:
        """A request is complete: `answer` it, now or later, or `reset` it."""
        raise NotImplementedError

    def secured(self, _tls: ssl.SSLObject) -> None:
        """Say hello."""
        self._out.append(_settings((_TABLE_SIZE, 0), (_MAX_STREAMS, self._wanted_limit)))
        self.flush()

    def received(self, data: bytes) -> None:
        """Take frames in, and send the answers they led to in one piece."""
        if self.is_over:
            return
        data = self._rest + data if self._rest else data
        try:
            self._rest = self._take_frames(data)
        except _Broken as broken:
            self.goodbye(self._newest, code=broken.code)
        else:
            self.flush()

    def answer(self, stream: int, status: int, raw_id: bytes, more: bytes, body: bytes) -> None:
        """Answer a request. `more` are further header fields, encoded without a table."""
        if stream not in self._open:
            return  # the client has given it up
        del self._open[stream]
        block = (_STATUS.get(status) or b"\x08\x03%d" % status) + _ID_NAME + raw_id + more
        flags = _END_HEADERS if body else _END_HEADERS | _END_STREAM
        self._out.append(_frame(_HEADERS, flags, stream, block))
        if body:
            self._send_body(stream, body)
        elif self._is_leaving:
            self._leave_if_done()

    def reset(self, stream: int, code: Code) -> None:
        """End a request without an answer."""
        if self._open.pop(stream, self) is not self:
            self._out.append(_frame(_RESET, 0, stream, code.to_bytes(4, "big")))

    def limit_streams(self, count: int) -> None:
        """Change how many requests the client may have open."""
        if count != self._wanted_limit and not self.is_over:
            self._wanted_limit = count
            self._announced.append(count)
            self._out.append(_settings((_MAX_STREAMS, count)))

    def goodbye(self, last: int, *, code: Code = Code.NO_ERROR, says: bytes = b"") -> None:
        """Hang up; requests above `last` were not handled."""
        if self.is_over:
            return
        self._say_goodbye(last, code, says)
        self.flush()
        self.is_over = True
        self.hang_up()

    def leave(self, says: bytes = b"") -> None:
        """Say goodbye, answer what has come, then hang up."""
        self._is_leaving = True
        self._say_goodbye(self._newest, Code.NO_ERROR, says)
        self._leave_if_done()

    def flush(self) -> None:
        """Send what has gathered."""
        if self._out:
            out, self._out = self._out, []
            self.send(b"".join(out))

    @property
    def under_way(self) -> int:
        """How many requests have no answer yet."""
        return len(self._open)

    def _say_goodbye(self, last: int, code: Code, says: bytes) -> None:
        payload = last.to_bytes(4, "big") + code.to_bytes(4, "big") + says
        self._out.append(_frame(_GOAWAY, 0, 0, payload))

    def _leave_if_done(self) -> None:
        if not self._open and not self._held_back:
            self.flush()
            self.is_over = True
            self.hang_up()

    def _take_frames(self, data: bytes) -> bytes:
        """Handle the whole frames; returns what is left of the last."""
        if self._needs_preface:
            if not data.startswith(_PREFACE[: len(data)]):
                raise _Broken(Code.PROTOCOL_ERROR)
            if len(data) < len(_PREFACE):
                return data
            self._needs_preface, data = False, data[len(_PREFACE) :]
        at, end = 0, len(data)
        unpack, handlers, ignore = _FRAME.unpack_from, self._handlers, Http2._ignore
        while end - at >= 9 and not self.is_over:
            high, low, kind, flags, stream = unpack(data, at)
            stop = at + 9 + (high << 8 | low)
            if stop > end:
                _check_size(stop - at)
                break
            if self._half_block and kind != _CONTINUATION:
                raise _Broken(Code.PROTOCOL_ERROR)
            handlers.get(kind, ignore)(self, flags, stream & 0x7FFFFFFF, data[at + 9 : stop])
            at = stop
        return data[at:]

    def _take_headers(self, flags: int, stream: int, payload: bytes) -> None:
        if flags & (_PADDED | _PRIORITISED):
            payload = _bare(flags, payload)
        if not flags & _END_HEADERS:
            self._half_block = stream, flags, payload
            return
        if not stream & 1 or stream <= self._newest:  # trailers are none of our clients' business
            raise _Broken(Code.PROTOCOL_ERROR)
        self._newest = stream
        self._open[stream] = headers = self._read_headers(payload)
        if headers is None:
            self.reset(stream, Code.PROTOCOL_ERROR)
        elif len(self._open) > self._limit:
            self.reset(stream, Code.REFUSED_STREAM)
        elif flags & _END_STREAM:
            self._complete(stream, b"")

    def _read_headers(self, block: bytes) -> Headers | None:
        try:
            return self._blocks.read(block)
        except MalformedRequest:
            return None
        except (HeaderError, IndexError):
            raise _Broken(Code.COMPRESSION_ERROR) from None

    def _take_continuation(self, flags: int, stream: int, payload: bytes) -> None:
        if self._half_block is None or self._half_block[0] != stream:
            raise _Broken(Code.PROTOCOL_ERROR)
        _, first_flags, block = self._half_block
        block += payload
        if len(block) > _MAX_HEADERS:
            raise _Broken(Code.PROTOCOL_ERROR)
        self._half_block = stream, first_flags, block
        if flags & _END_HEADERS:
            self._half_block = None
            first_flags &= ~(_PADDED | _PRIORITISED)
            self._take_headers(first_flags | _END_HEADERS, stream, block)

    def _take_data(self, flags: int, stream: int, payload: bytes) -> None:
        self._received += len(payload)
        if self._received > _WINDOW_SIZE // 2:
            self._out.append(_grant(0, self._received))
            self._received = 0
        if flags & _PADDED:
            payload = _bare(flags, payload)
        if stream > self._newest or stream == 0:
            raise _Broken(Code.PROTOCOL_ERROR)
        if self._open.get(stream) is None:
            return  # reset or answered meanwhile
        if flags & _END_STREAM:
            if stream in self._bodies:
                payload = self._bodies.pop(stream) + payload
            self._complete(stream, payload)
            return
        self._out.append(_grant(stream, len(payload)))
        self._bodies[stream] = (self._bodies.get(stream, b"") + payload)[:_BODY_LIMIT]

    def _complete(self, stream: int, body: bytes) -> None:
        headers = self._open[stream]
        assert headers is not None
        self._open[stream] = None
        self.requested(stream, headers, body)

    def _take_reset(self, _flags: int, stream: int, _payload: bytes) -> None:
        if stream > self._newest:
            raise _Broken(Code.PROTOCOL_ERROR)
        self._open.pop(stream, None)
        self._bodies.pop(stream, None)

    def _take_settings(self, flags: int, stream: int, payload: bytes) -> None:
        if stream or len(payload) % 6:
            raise _Broken(Code.PROTOCOL_ERROR)
        if flags & _ACK:
            if self._announced:
                self._limit = self._announced.popleft()
            self._blocks.forbid_table()
            return
        for at in range(0, len(payload), 6):
            name = int.from_bytes(payload[at : at + 2], "big")
            value = int.from_bytes(payload[at + 2 : at + 6], "big")
            if name == _INITIAL_WINDOW:
                self._stream_window = value
        self._out.append(_frame(_SETTINGS, _ACK, 0, b""))

    def _take_ping(self, flags: int, _stream: int, payload: bytes) -> None:
        if len(payload) != 8:
            raise _Broken(Code.FRAME_SIZE_ERROR)
        if not flags & _ACK:
            self._out.append(_frame(_PING, _ACK, 0, payload))

    def _take_goaway(self, _flags: int, _stream: int, _payload: bytes) -> None:
        self.goodbye(self._newest)

    def _take_window(self, _flags: int, stream: int, payload: bytes) -> None:
        if stream == 0:
            self._window += int.from_bytes(payload, "big")
            while self._held_back and len(self._held_back[0][1]) <= self._window:
                self._send_body(*self._held_back.popleft())

    def _ignore(self, _flags: int, _stream: int, _payload: bytes) -> None:
        """A frame of a kind that we do not know, or do not heed."""

    def _take_promise(self, _flags: int, _stream: int, _payload: bytes) -> None:
        raise _Broken(Code.PROTOCOL_ERROR)

    def _send_body(self, stream: int, body: bytes) -> None:
        """Bodies are a line long; the client's window for all of them is what can run out."""
        if len(body) > self._window:
            self._held_back.append((stream, body))
            return
        self._window -= len(body)
        self._out.append(_frame(_DATA, _END_STREAM, stream, body[: self._stream_window]))
        if self._is_leaving:
            self._leave_if_done()

    _handlers: ClassVar[dict[int, Callable[["Http2", int, int, bytes], None]]] = {
        _DATA: _take_data,
        _HEADERS: _take_headers,
        _RESET: _take_reset,
        _SETTINGS: _take_settings,
        _PROMISE: _take_promise,
        _PING: _take_ping,
        _GOAWAY: _take_goaway,
        _WINDOW: _take_window,
        _CONTINUATION: _take_continuation,
    }


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return _FRAME.pack(len(payload) >> 8, len(payload) & 255, kind, flags, stream) + payload


def _check_size(size: int) -> None:
    """Larger frames than asked for are not waited for."""
    if size > 9 + _MAX_FRAME:
        raise _Broken(Code.FRAME_SIZE_ERROR)


def _settings(*pairs: tuple[int, int]) -> bytes:
    payload = b"".join(name.to_bytes(2, "big") + value.to_bytes(4, "big") for name, value in pairs)
    return _frame(_SETTINGS, 0, 0, payload)


def _grant(stream: int, count: int) -> bytes:
    return _frame(_WINDOW, 0, stream, count.to_bytes(4, "big")) if count else b""


def _bare(flags: int, payload: bytes) -> bytes:
    """Without padding and priority."""
    padding = 0
    if flags & _PADDED:
        if not payload or payload[0] >= len(payload):
            raise _Broken(Code.PROTOCOL_ERROR)
        padding, payload = payload[0], payload[1:]
    if flags & _PRIORITISED:
        payload = payload[5:]
    return payload[: len(payload) - padding]
