"""Ask a server the same thing as fast as it answers.

``python -m bench.load_client PORT PATH AUTHORIZATION``

Eight connections that stay open, in a process of their own so that they do not slow the server's
down. Prints the answers per second.
"""

import asyncio
import sys
import time

CONNECTIONS = 8
SECONDS = 4.0


async def ask(port: int, request: bytes, until: float) -> int:
    """Send the request again and again over one connection; return how often."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    try:
        while time.monotonic() < until:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            if not head.startswith("HTTP/1.1 200"):
                raise RuntimeError(head.splitlines()[0])
            length = next(
                int(line.split(":")[1])
                for line in head.splitlines()
                if line.lower().startswith("content-length:")
            )
            await reader.readexactly(length)
            count += 1
    finally:
        writer.close()
    return count


async def main(port: int, path: str, token: str) -> float:
    """The answers per second of all connections together."""
    request = (
        f"GET /{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: {token}\r\n\r\n"
    ).encode()
    begun = time.monotonic()
    counts = await asyncio.gather(
        *(ask(port, request, begun + SECONDS) for _ in range(CONNECTIONS))
    )
    return sum(counts) / (time.monotonic() - begun)


if __name__ == "__main__":
    print(asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3])))
