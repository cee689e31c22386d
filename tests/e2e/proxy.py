"""A TCP proxy between two nodes that cuts, holds, delays, throttles and corrupts, because this kernel cannot.

Its own thread runs the connections; the methods may be called from any thread and take effect from the next bytes on.
"""

import asyncio
import contextlib
import dataclasses
import threading

CHUNK = 16 * 1024
QUEUED_CHUNKS = 64  # under way on a slow line, each direction
PIECE = 1_500  # bytes at once on a throttled line


@dataclasses.dataclass
class Way:
    """One direction of the line, which all connections share."""

    held: bool = False  # bytes stay where they are; the connection looks alive
    delay: float = 0.0  # seconds that each byte travels
    rate: float = 0.0  # bytes a second; 0: as fast as can be
    corrupt: int = 0  # so many chunks more get a wrong bit
    passed: int = 0  # bytes
    free_at: float = 0.0  # when a throttled line has passed on what was given to it


class Proxy:
    """Listens on a port of its own and passes everything on to `target` on this machine. A context manager."""

    def __init__(self, target):
        self.target = target
        self.port = 0
        self.up, self.down = Way(), Way()  # towards the target, and back
        self.accepted = 0
        self.cut_off = False
        self._writers = set()
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._listening.wait()
        return self

    def __exit__(self, *exc):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def cut(self):
        """Ends all connections and refuses new ones, until heal()."""
        self.cut_off = True
        self.drop()

    def drop(self):
        """Ends all connections; new ones are served."""
        self._loop.call_soon_threadsafe(self._abort_all)

    def heal(self):
        self.cut_off = False
        for way in (self.up, self.down):
            way.held, way.delay, way.rate, way.corrupt, way.free_at = False, 0.0, 0.0, 0, 0.0

    def _abort_all(self):
        for writer in list(self._writers):
            writer.transport.abort()

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0, limit=CHUNK))
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        self._loop.run_forever()
        server.close()
        self._abort_all()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _accept(self, reader, writer):
        self._writers.add(writer)
        other_writer = None
        try:
            if self.cut_off:
                return
            self.accepted += 1
            other_reader, other_writer = await asyncio.open_connection("127.0.0.1", self.target, limit=CHUNK)
            self._writers.add(other_writer)
            ways = [asyncio.ensure_future(self._pass(reader, other_writer, self.up)),
                    asyncio.ensure_future(self._pass(other_reader, writer, self.down))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except OSError:
            pass  # the target does not listen: the connection ends, as it would without us
        finally:
            for end in filter(None, (writer, other_writer)):
                self._writers.discard(end)
                end.transport.abort()

    async def _pass(self, reader, writer, way):
        """Until either end closes. Reading goes on while bytes travel, so that a delay is not a throttle."""
        travelling = asyncio.Queue(QUEUED_CHUNKS)
        arrival = asyncio.ensure_future(self._arrive(travelling, writer, way))
        try:
            with contextlib.suppress(OSError):
                while data := await reader.read(CHUNK):
                    await travelling.put((self._loop.time() + way.delay, data))
            await travelling.put(None)
            await arrival
        finally:
            arrival.cancel()

    async def _arrive(self, travelling, writer, way):
        with contextlib.suppress(OSError):
            while (item := await travelling.get()) is not None:
                due, data = item
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                if way.corrupt > 0:
                    way.corrupt -= 1
                    data = data[:-1] + bytes([data[-1] ^ 0x40])
                size = PIECE if way.rate else CHUNK
                for piece in (data[at:at + size] for at in range(0, len(data), size)):
                    await self._turn(len(piece), way)
                    writer.write(piece)
                    await writer.drain()
                    way.passed += len(piece)

    async def _turn(self, size, way):
        """Until a throttled line has passed on the piece, after those of the other connections that came before it."""
        if way.rate:
            way.free_at = max(way.free_at, self._loop.time()) + size / way.rate
            await asyncio.sleep(way.free_at - self._loop.time())
        while way.held:
            await asyncio.sleep(0.02)
