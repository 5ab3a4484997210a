"""Bodies that come in pieces, and answers that go out in pieces."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.http import Response, Route
from leonidas_jupyter.server.incoming import ClientGone

PIECE = b"x" * 65536


@asynccontextmanager
async def connection(api, method, path, headers=(), body=b""):
    """A bare connection on which a request was begun."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{api.port}", *headers, "", ""]
    writer.write("\r\n".join(lines).encode() + body)
    await writer.drain()
    try:
        yield reader, writer
    finally:
        writer.close()


async def eventually(condition):
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - a condition of the code under test
            await asyncio.sleep(0.005)


# Coming in


def upload(handler):
    return Route("PUT", "/up", "Up", who="open", handler=handler, streams_body=True, status=204)


async def test_a_body_arrives_while_it_is_sent(api, serve):
    seen = []

    async def take(request, _services):
        async for chunk in request.chunks:
            seen.append(len(chunk))  # noqa: PERF401 - looked at meanwhile
        return Response(body=str(sum(seen)).encode())

    base = await serve(upload(take))
    size = 3 * len(PIECE)
    async with connection(api, "PUT", f"{base}/up", [f"Content-Length: {size}"], PIECE) as (
        reader,
        writer,
    ):
        await eventually(lambda: sum(seen) == len(PIECE))  # before the rest is sent
        writer.write(PIECE * 2)
        answer = await asyncio.wait_for(reader.readuntil(str(size).encode()), 60)
    assert answer.startswith(b"HTTP/1.1 200")


async def test_a_slow_handler_holds_the_sender_up(api, serve):
    go, held = asyncio.Event(), []

    async def take(request, _services):
        await go.wait()
        held.extend([len(chunk) async for chunk in request.chunks])
        return Response(204)

    base = await serve(upload(take))
    total = 64 * 1024 * 1024
    async with connection(api, "PUT", f"{base}/up", [f"Content-Length: {total}"]) as (
        reader,
        writer,
    ):
        sent = 0
        writer.transport.set_write_buffer_limits(high=0)
        while sent < total:
            writer.write(PIECE)
            try:
                await asyncio.wait_for(writer.drain(), 0.5)
            except TimeoutError:
                break
            sent += len(PIECE)
        assert sent < total / 2  # the rest waits in nobody's memory
        go.set()
        await writer.drain()
        while (sent := sent + len(PIECE)) < total:
            writer.write(PIECE)
            await writer.drain()
        assert (await asyncio.wait_for(reader.readline(), 60)).startswith(b"HTTP/1.1 204")
    assert sum(held) == total


async def test_chunked_uploads_are_411(api, serve):
    async def take(request, _services):
        raise AssertionError("It was not to be called.")

    base = await serve(upload(take))

    async def produce(write):
        await write(PIECE)

    answer = await api("PUT", f"{base}/up", raw=True, body_producer=produce)
    assert (answer.status, answer.code) == (411, "length_required")


async def test_uploads_over_the_limit_are_413_before_they_are_taken(api, serve):
    async def take(request, _services):
        raise AssertionError("It was not to be called.")

    base = await serve(upload(take), max_upload_bytes=1000)
    answer = await api("PUT", f"{base}/up", raw=True, body=b"x" * 1001)
    assert (answer.status, answer.code) == (413, "file_too_large")
    async with connection(api, "PUT", f"{base}/up", ["Content-Length: 90000000000"]) as (reader, _):
        answer = await asyncio.wait_for(reader.read(), 60)
    assert answer.startswith(b"HTTP/1.1 413")


async def test_uploads_may_be_larger_than_jupyters_own_limit(api, serve, jp_serverapp):
    async def take(request, _services):
        return Response(body=str(sum([len(chunk) async for chunk in request.chunks])).encode())

    base = await serve(upload(take))
    size = 600 * 1024**2
    assert size > jp_serverapp.max_body_size
    async with connection(api, "PUT", f"{base}/up", [f"Content-Length: {size}"]) as (
        reader,
        writer,
    ):
        piece = b"x" * 2**20
        for _ in range(600):
            writer.write(piece)
            await writer.drain()
        await asyncio.wait_for(reader.readuntil(str(size).encode()), 60)


@pytest.mark.parametrize("size", [3 * 65536, 64 * 1024**2])
async def test_a_handler_that_refuses_in_the_middle_is_heard(api, serve, size):
    async def refuse(request, _services):
        async for _ in request.chunks:
            raise LeonidasError(ErrorCode.CONFLICT, "Not this.")
        return Response(204)

    base = await serve(upload(refuse))
    async with connection(api, "PUT", f"{base}/up", [f"Content-Length: {size}"], PIECE) as (
        reader,
        writer,
    ):
        if size < 2**20:
            writer.write(b"x" * (size - len(PIECE)))
        answer = await asyncio.wait_for(reader.readuntil(b"}}"), 60)
    assert answer.startswith(b"HTTP/1.1 409")


async def test_a_client_that_goes_away_in_the_middle_ends_the_handler(api, serve):
    ended = []

    async def take(request, _services):
        try:
            async for _ in request.chunks:
                pass
        except ClientGone as error:
            ended.append(error)
            raise
        return Response(204)

    base = await serve(upload(take))
    async with connection(api, "PUT", f"{base}/up", ["Content-Length: 1000000"], PIECE):
        pass
    await eventually(lambda: ended)


# Going out


def events(chunks, content_type="text/event-stream"):
    async def handler(_request, _services):
        return Response(headers={"content-type": content_type}, chunks=chunks)

    return Route("GET", "/out", "Out", who="open", handler=handler)


async def test_each_event_is_sent_at_once_with_headers_that_keep_it_moving(api, serve):
    turn = asyncio.Queue()

    async def chunks():
        while (text := await turn.get()) is not None:
            yield text

    base = await serve(events(chunks()))
    headers = ["Accept-Encoding: gzip", "X-Request-ID: streaming"]
    async with connection(api, "GET", f"{base}/out", headers) as (reader, _):
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)  # before the first event
        for text in (b"data: 1\n\n", b"data: 2\n\n"):
            turn.put_nowait(text)
            assert await asyncio.wait_for(reader.readuntil(b"\n\n"), 60)
        turn.put_nowait(None)
        rest = await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 60)
    lower = head.lower()
    assert b"x-accel-buffering: no" in lower
    assert b"no-transform" in lower
    assert b"content-encoding" not in lower
    assert b"x-request-id: streaming" in lower
    assert rest


async def test_a_client_that_goes_away_closes_what_was_being_sent(api, serve):
    state = []

    async def chunks():
        state.append("began")
        try:
            yield b"data: 1\n\n"
            await asyncio.Event().wait()  # nothing more ever comes
        finally:
            state.append("closed")

    base = await serve(events(chunks()))
    async with connection(api, "GET", f"{base}/out") as (reader, _):
        await reader.readuntil(b"data: 1\n\n")
        assert state == ["began"]
    await eventually(lambda: state == ["began", "closed"])
    assert (await api("GET", "/healthz", auth=None)).status == 200


async def test_a_client_that_reads_slowly_is_waited_for(api, serve):
    sent = []

    async def chunks():
        for number in range(1000):
            sent.append(number)
            yield b"x" * 2**20

    base = await serve(events(chunks(), "application/octet-stream"))
    async with connection(api, "GET", f"{base}/out") as (reader, _):
        await reader.readuntil(b"\r\n\r\n")
        await eventually(lambda: sent)
        before = -1
        while len(sent) != before:  # until the sender stands still
            before = len(sent)
            await asyncio.sleep(0.3)
        assert 0 < len(sent) < 100


async def test_an_error_before_the_first_chunk_is_an_ordinary_answer(api, serve):
    async def chunks():
        raise LeonidasError(ErrorCode.NOT_FOUND, "It is gone.")
        yield b""

    base = await serve(events(chunks(), "text/csv"))
    answer = await api("GET", f"{base}/out", raw=True)
    assert (answer.status, answer.code) == (404, "not_found")


async def test_an_error_in_the_middle_breaks_the_answer_off(api, serve, caplog):
    async def chunks():
        yield b"the first half"
        raise RuntimeError("torn")

    base = await serve(events(chunks(), "text/csv"))
    async with connection(api, "GET", f"{base}/out", ["X-Request-ID: torn-one"]) as (reader, _):
        answer = await asyncio.wait_for(reader.read(), 60)
    assert b"the first half" in answer
    assert not answer.endswith(b"0\r\n\r\n")  # so that nobody takes it for whole
    assert [r for r in caplog.records if r.exc_info and "torn-one" in r.getMessage()]


async def test_head_sends_no_chunks_but_closes_them(api, serve):
    state = []

    class Chunks:
        def __aiter__(self):
            return self

        async def __anext__(self):
            raise AssertionError("It was not to be read.")

        async def aclose(self):
            state.append("closed")

    base = await serve(events(Chunks(), "text/csv"))
    answer = await api("HEAD", f"{base}/out", raw=True)
    assert (answer.status, answer.headers["content-type"], state) == (200, "text/csv", ["closed"])
