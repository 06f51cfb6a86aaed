"""The stand-in's HTTP/2, held to the protocol by the h2 library."""

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator

import h2.config
import h2.connection
import h2.events
import h2.settings
import hpack
import pytest
from hyperframe.frame import Frame
from hypothesis import given
from hypothesis import strategies as st

from passkit.throwaway import Authority
from server import clock
from server.sandbox.apns import ApnsStandIn
from server.sandbox.faults import AnswerFault, Faults
from server.sandbox.header_blocks import HeaderBlocks, HeaderError, MalformedRequest, huffman_text

TOPIC = "pass.test.leima.http2"
TOKEN = "ab" * 32
HEADERS = [
    (":method", "POST"),
    (":path", f"/3/device/{TOKEN}"),
    (":scheme", "https"),
    (":authority", "127.0.0.1"),
    ("apns-topic", TOPIC),
]


class Client:
    """One connection of the h2 library's."""

    def __init__(self, apns: ApnsStandIn, authority: Authority) -> None:
        context = ssl.create_default_context(cadata=authority.root_pem.decode())
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection(("127.0.0.1", apns.port), timeout=20)
        self.socket = context.wrap_socket(plain, server_hostname="127.0.0.1")
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.events: list[h2.events.Event] = []

    def open(self, *more: tuple[str, str], body: bytes | None = b"{}") -> int:
        """Begin a request, and end it when there is a body."""
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, [*HEADERS, *more])
        if body is not None:
            self.h2.send_data(stream, body, end_stream=True)
        return stream

    def wait(self, kind: type, count: int = 1) -> list[h2.events.Event]:
        """Read until so many events of a kind have come."""
        while len(self.of(kind)) < count:
            if data := self.h2.data_to_send():
                self.socket.sendall(data)
            read = self.socket.recv(65536)
            if not read:
                break
            self.events += self.h2.receive_data(read)
        return self.of(kind)

    def of(self, kind: type) -> list[h2.events.Event]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture(scope="module")
def stand_in(authority: Authority) -> Iterator[ApnsStandIn]:
    apns = ApnsStandIn(authority, at=clock.now(), needs_certificate=False)
    apns.tokens.add(TOKEN)
    apns.start()
    yield apns
    apns.stop()


@pytest.fixture
def apns(stand_in: ApnsStandIn) -> ApnsStandIn:
    stand_in.faults = Faults()
    return stand_in


@pytest.fixture
def connect(apns: ApnsStandIn, authority: Authority) -> Iterator[Callable[[], Client]]:
    clients: list[Client] = []

    def connect() -> Client:
        clients.append(Client(apns, authority))
        return clients[-1]

    yield connect
    for client in clients:
        client.socket.close()


def test_many_requests_are_answered_each_on_its_stream(connect):
    client = connect()
    streams = [client.open(("apns-id", f"0f0e0d0c-1111-2222-3333-{n:012x}")) for n in range(50)]
    answers = client.wait(h2.events.ResponseReceived, 50)
    told = {answer.stream_id: dict(answer.headers) for answer in answers}
    assert list(told) == streams
    assert {answer[":status"] for answer in told.values()} == {"200"}
    assert [answer["apns-id"][-12:] for answer in told.values()] == [f"{n:012x}" for n in range(50)]


def test_more_streams_than_allowed_are_refused_and_the_others_served(apns, connect):
    apns.faults = Faults(max_streams=3, delay_seconds=0.3)
    client = connect()
    client.open()
    client.wait(h2.events.SettingsAcknowledged)
    client.h2.remote_settings[h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS] = 100
    client.h2.remote_settings.acknowledge()
    client.wait(h2.events.ResponseReceived)
    for _ in range(5):
        client.open()
    assert len(client.wait(h2.events.StreamReset, 2)) == 2
    assert len(client.wait(h2.events.ResponseReceived, 4)) == 4
    assert {event.error_code for event in client.of(h2.events.StreamReset)} == {7}


def test_the_limit_falls_with_a_refusal_and_is_back_with_the_next_push(apns, connect):
    apns.faults = Faults(one_stream_after_refusal=True, answers=[AnswerFault(reason="BadTopic")])
    client = connect()

    def limits() -> list[int]:
        code = h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS
        changed = [event.changed_settings for event in client.of(h2.events.RemoteSettingsChanged)]
        return [each[code].new_value for each in changed if code in each]

    for number in (1, 2):
        client.open()
        client.wait(h2.events.ResponseReceived, number)
    client.wait(h2.events.RemoteSettingsChanged, 3)
    assert limits() == [1000, 1, 1000]


@pytest.mark.parametrize(("code", "number", "taken"), [("refused", 7, 0), ("internal", 2, 1)])
def test_a_reset_says_whether_the_push_was_handled(apns, connect, code, number, taken):
    apns.faults = Faults(reset_every=1, reset_code=code)
    apns.pushes.clear()
    client = connect()
    client.open()
    (reset,) = client.wait(h2.events.StreamReset)
    assert (reset.error_code, len(apns.pushes)) == (number, taken)


def test_a_goodbye_names_the_last_push_that_was_handled(apns, connect):
    apns.faults = Faults(goaway_every=3)
    client = connect()
    for number in (1, 2):
        client.open()
        client.wait(h2.events.ResponseReceived, number)
    third = client.open()
    (goodbye,) = client.wait(h2.events.ConnectionTerminated)
    assert goodbye.last_stream_id == third - 2
    assert (goodbye.error_code, goodbye.additional_data) == (0, b'{"reason":"Shutdown"}')


def test_a_kind_goodbye_answers_all_that_has_come(apns, connect):
    apns.faults = Faults(drain_every=5, delay_seconds=0.1)
    client = connect()
    for _ in range(5):
        client.open()
    client.socket.sendall(client.h2.data_to_send())
    kinds = [type(frame).__name__ for frame in frames(read_all(client.socket))]
    assert kinds.count("HeadersFrame") == 5
    assert kinds.index("GoAwayFrame") < kinds.index("HeadersFrame")


def test_late_answers_end_with_the_connection(apns, connect):
    refused = AnswerFault(reason="BadTopic", count=None)
    apns.faults = Faults(delay_seconds=0.1, close_after_refusals=2, answers=[refused])
    client = connect()
    for _ in range(5):
        client.open()
    client.socket.sendall(client.h2.data_to_send())
    kinds = [type(frame).__name__ for frame in frames(read_all(client.socket))]
    assert (kinds.count("HeadersFrame"), kinds.count("GoAwayFrame")) == (2, 1)


def read_all(connection: ssl.SSLSocket) -> bytes:
    data = b""
    with contextlib.suppress(ssl.SSLEOFError):
        while part := connection.recv(65536):
            data += part
    return data


def frames(data: bytes) -> Iterator[Frame]:
    """As another library reads them."""
    while data:
        frame, length = Frame.parse_frame_header(memoryview(data[:9]))
        yield frame
        data = data[9 + length :]


def test_a_body_in_pieces_with_padding_is_put_together(connect):
    client = connect()
    stream = client.open(body=None)
    client.h2.send_data(stream, b"{", pad_length=7)
    client.h2.send_data(stream, b"}", end_stream=True)
    (answer,) = client.wait(h2.events.ResponseReceived)
    assert dict(answer.headers)[":status"] == "200"


def test_headers_longer_than_a_frame_are_read(connect):
    client = connect()
    client.open(("x-long", "a" * 40_000))
    (answer,) = client.wait(h2.events.ResponseReceived)
    assert dict(answer.headers)[":status"] == "200"


def test_a_ping_is_answered(connect):
    client = connect()
    client.h2.ping(b"12345678")
    (answer,) = client.wait(h2.events.PingAckReceived)
    assert answer.ping_data == b"12345678"


def test_windows_are_kept_in_both_directions(apns, connect):
    """More bodies than both windows hold: ours refill theirs, and we wait for theirs."""
    apns.faults = Faults(answers=[AnswerFault(reason="BadDeviceToken", count=None)])
    client = connect()
    got = 0
    for number in range(1, 41):
        for _ in range(100):
            client.open(body=b"x" * 20)
        client.wait(h2.events.StreamEnded, number * 100)
        for event in client.of(h2.events.DataReceived)[got:]:
            client.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        got = number * 100
    assert len(client.of(h2.events.StreamEnded)) == 4000


@pytest.mark.parametrize(
    "rubbish",
    [b"GET / HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 40],
    ids=["HTTP/1.1", "no frames"],
)
def test_what_is_not_http2_ends_the_connection(connect, rubbish):
    client = connect()
    client.socket.sendall(rubbish)
    with contextlib.suppress(ssl.SSLEOFError):
        while client.socket.recv(65536):
            pass


@pytest.mark.parametrize(
    "fields",
    [
        [("apns-id", "1"), (":path", "/")],
        [*HEADERS, ("Upper", "1")],
        [*HEADERS, (":method", "POST")],
        [*HEADERS, ("connection", "close")],
        HEADERS[:1],
    ],
    ids=["path late", "upper case", "twice", "of HTTP/1", "no path"],
)
def test_headers_that_are_no_requests_are_refused(fields):
    with pytest.raises(MalformedRequest):
        HeaderBlocks().read(hpack.Encoder().encode(fields))


values = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(st.lists(st.tuples(values, st.none() | values, values), min_size=3, max_size=8))
def test_blocks_read_fast_say_what_the_hpack_library_says(pushes):
    encoder, blocks = hpack.Encoder(), HeaderBlocks()
    encoder.header_table_size = 0
    for path, apns_id, other in pushes:
        fields = [(":method", "POST"), (":scheme", "https"), (":path", path)]
        fields += [("apns-id", apns_id)] if apns_id is not None else []
        read = blocks.read(encoder.encode([*fields, ("x-other", other)]))
        assert (read.path, read.apns_id) == (path, apns_id)
        assert read.rest == {":method": "POST", ":scheme": "https", "x-other": other}


@given(st.binary(max_size=80))
def test_rubbish_is_refused_and_nothing_worse(block):
    with contextlib.suppress(HeaderError, MalformedRequest, IndexError):
        HeaderBlocks().read(block)


def test_the_end_of_a_string_inside_it_is_refused():
    with pytest.raises(HeaderError):
        huffman_text(b"\xff\xff\xff\xff\xff")
    with pytest.raises(HeaderError):
        huffman_text(b"\x00")
