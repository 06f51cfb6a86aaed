"""Header blocks of requests, read fast (RFC 7541).

A push differs from the last one in two values: the path, which ends in the push token, and the
push's id. A server that allows no dynamic table (SETTINGS_HEADER_TABLE_SIZE 0) gets blocks that
stand alone, so everything else of a block need be understood once only. What does not look like
the block before goes to the `hpack` library, and so does everything until the client has taken
the table size.
"""

import itertools
from collections.abc import Iterable
from typing import NamedTuple
from uuid import uuid4

import hpack
from hpack.hpack import encode_integer
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH

_PATH, _ID = ":path", "apns-id"
_HUFFMAN, _LENGTH = 0x80, 0x7F
_REQUEST_PSEUDO = frozenset({":method", ":scheme", ":path", ":authority"})
_OF_CONNECTIONS = frozenset({"connection", "keep-alive", "proxy-connection", "upgrade"})

HeaderError = hpack.HPACKError


class MalformedRequest(Exception):
    """The headers are no request's: HTTP/2 answers with a reset of the stream (RFC 9113, 8.1.1)."""


class Headers:
    """A request's headers. `rest` (without path and id) is the same object for equal requests.

    `raw_path` and `raw_id` are the values as they came, length and bytes: to be compared or sent
    back as they are. They are read as text only when somebody asks.
    """

    __slots__ = ("raw_id", "raw_path", "rest")

    def __init__(self, raw_path: bytes, raw_id: bytes, rest: dict[str, str]) -> None:
        self.raw_path, self.raw_id, self.rest = raw_path, raw_id, rest

    @property
    def path(self) -> str:
        """Where to, such as `/3/device/…`."""
        return literal_text(self.raw_path)

    @property
    def apns_id(self) -> str | None:
        """The push's id, if the client gave one."""
        return literal_text(self.raw_id) if self.raw_id else None

    def make_id(self) -> None:
        """The client gave none: the service makes one (Apple: Sending notification requests)."""
        self.raw_id = b"%s%012x" % (_MADE_ID, next(_made_ids))


# A UUID takes longer to make than all else of an answer: those made here differ in their end only.
_MADE_ID = bytes((36,)) + str(uuid4())[:24].encode()
_made_ids = itertools.count()


class _Shape(NamedTuple):
    """What stands around the two values; `before_id` is None where there is no id."""

    before_path: bytes
    before_id: bytes | None
    after: bytes
    rest: dict[str, str]


class HeaderBlocks:
    """The blocks of one connection, in the order they come."""

    def __init__(self) -> None:
        self._decoder = hpack.Decoder()
        self._stands_alone = False
        self._shape = _Shape(b"\0", None, b"", {})

    def forbid_table(self) -> None:
        """The client has acknowledged that there is no dynamic table."""
        self._decoder.max_allowed_table_size = 0

    def read(self, block: bytes) -> Headers:
        """The next block.

        Raises:
            HeaderError: it cannot be decoded, and neither can any block after it.
            MalformedRequest: it is no request.
        """
        return self._as_before(block) or self._anew(block)

    def _as_before(self, block: bytes) -> Headers | None:
        before_path, before_id, after, rest = self._shape
        if not block.startswith(before_path):
            return None
        path_at = len(before_path)
        path_end = end = path_at + 1 + (block[path_at] & _LENGTH)
        raw_id = b""
        if before_id is not None:
            if not block.startswith(before_id, end):
                return None
            id_at = end + len(before_id)
            end = id_at + 1 + (block[id_at] & _LENGTH)
            raw_id = block[id_at:end]
        if block[end:] != after or block[path_at] & _LENGTH == _LENGTH:
            return None
        return Headers(block[path_at:path_end], raw_id, rest)

    def _anew(self, block: bytes) -> Headers:
        fields = [(str(name), str(value)) for name, value in self._decoder.decode(block)]
        rest = _check(fields)
        path, apns_id = rest.pop(_PATH), rest.pop(_ID, None)
        if self._stands_alone:
            self._learn(block, rest)
        self._stands_alone = self._decoder.header_table_size == 0
        return Headers(_literal(path), b"" if apns_id is None else _literal(apns_id), rest)

    def _learn(self, block: bytes, rest: dict[str, str]) -> None:
        """Remember what stands around path and id, if each is there once, as a short literal."""
        values: dict[str, tuple[int, int]] = {}
        start = 0
        for name, value_at, end in _literals(block):
            if name in (_PATH, _ID):
                if name in values:
                    return
                values[name] = (value_at, end)
            start = end
        if start != len(block) or _PATH not in values:
            return
        path_at, path_end = values[_PATH]
        if _ID not in values:
            self._shape = _Shape(block[:path_at], None, block[path_end:], rest)
        elif values[_ID][0] > path_end:
            id_at, id_end = values[_ID]
            self._shape = _Shape(block[:path_at], block[path_end:id_at], block[id_end:], rest)


def _check(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The fields as a request (RFC 9113, 8.2 and 8.3): pseudo-headers first, each once."""
    headers: dict[str, str] = {}
    for name, value in fields:
        if name.startswith(":"):
            if name not in _REQUEST_PSEUDO or name in headers:
                raise MalformedRequest(f"{name} is unknown or there twice")
            if any(not known.startswith(":") for known in headers):
                raise MalformedRequest(f"{name} comes after other headers")
        elif name != name.lower() or name in _OF_CONNECTIONS:
            raise MalformedRequest(f"{name} has no place in HTTP/2")
        headers[name] = value
    if not headers.keys() >= _REQUEST_PSEUDO - {":authority"}:
        raise MalformedRequest("a pseudo-header is missing")
    return headers


def _literals(block: bytes) -> Iterable[tuple[str, int, int]]:
    """Name, place of the value and end of each field whose lengths take one byte.

    Ends early at anything else: then the block's end is not reached.
    """
    at = 0
    while at < len(block):
        first, name = block[at], ""
        if first & 0x80:
            if first == 0xFF:
                return
            at += 1
            yield name, at, at
            continue
        at, index = _name_index(block, at)
        if index == 0:
            end = _literal_end(block, at)
            name = literal_text(block[at:end])
            at = end
        elif index in (4, 5):
            name = _PATH
        if index < 0 or block[at] & _LENGTH == _LENGTH:
            return
        end = _literal_end(block, at)
        yield name, at, end
        at = end


def _name_index(block: bytes, at: int) -> tuple[int, int]:
    """Where the field goes on, and the index of its name; a negative one where it takes longer."""
    first = block[at]
    mask = 0x3F if first & 0x40 else 0x0F
    index = first & mask
    if first & 0x60 == 0x20:  # no field, but a change of the table's size
        return at, -1
    if index < mask:
        return at + 1, index
    more = block[at + 1]
    return at + 2, -1 if more & 0x80 else index + more


def _literal_end(block: bytes, at: int) -> int:
    return at + 1 + (block[at] & _LENGTH)


def literal_text(literal: bytes) -> str:
    """The text of a string literal: its length, and the bytes, as they are or in Huffman's code.

    Raises:
        HeaderError: it is none.
    """
    start = 1
    while literal[0] & _LENGTH == _LENGTH and literal[start] & 0x80:
        start += 1
    start += literal[0] & _LENGTH == _LENGTH
    if literal[0] & _HUFFMAN:
        return huffman_text(literal[start:])
    return literal[start:].decode("utf-8", "replace")


def _literal(text: str) -> bytes:
    """The other way round, as they are."""
    value = text.encode("utf-8", "replace")
    return bytes(encode_integer(len(value), 7)) + value


# Huffman's code is read byte by byte. A state is where in the tree of codes a byte ended; what a
# byte means in a state is found once, when it first comes, by walking the tree.
_Node = dict[int, "int | _Node"]
_ROOT: _Node = {}
_nodes: list[_Node] = [_ROOT]
_state_of: dict[int, int] = {id(_ROOT): 0}
_steps: dict[int, tuple[int, str]] = {}
_END = 256


def _grow_tree() -> None:
    for symbol, (code, length) in enumerate(zip(REQUEST_CODES, REQUEST_CODES_LENGTH, strict=True)):
        node = _ROOT
        for place in range(length - 1, 0, -1):
            inner = node.setdefault(code >> place & 1, {})
            assert isinstance(inner, dict)
            if id(inner) not in _state_of:
                _state_of[id(inner)] = len(_nodes) << 8
                _nodes.append(inner)
            node = inner
        node[code & 1] = symbol


def _step(key: int) -> tuple[int, str]:
    node, text = _nodes[key >> 8], ""
    for place in range(7, -1, -1):
        below = node[key >> place & 1]
        if isinstance(below, int):
            if below == _END:
                raise hpack.HPACKDecodingError("the end of a string is no part of it")
            text += chr(below)
            below = _ROOT
        node = below
    return _steps.setdefault(key, (_state_of[id(node)], text))


def huffman_text(data: bytes) -> str:
    """Text out of Huffman's code.

    Raises:
        HeaderError: it is none, or its padding is wrong.
    """
    state, parts, steps = 0, [], _steps
    for byte in data:
        key = state | byte
        state, part = steps[key] if key in steps else _step(key)
        parts.append(part)
    if state not in _PADDING:
        raise hpack.HPACKDecodingError("the padding of a string is wrong")
    text = "".join(parts)
    return text if text.isascii() else text.encode("latin-1").decode("utf-8", "replace")


def _padding_states() -> frozenset[int]:
    """Up to seven ones: the beginning of the code that ends a string."""
    node, states = _ROOT, [0]
    for _ in range(7):
        below = node[1]
        assert isinstance(below, dict)
        node = below
        states.append(_state_of[id(node)])
    return frozenset(states)


_grow_tree()
_PADDING = _padding_states()
