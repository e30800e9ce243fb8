"""An application with every kind of answer that a release can cut off: short, long, written, streamed, a socket."""

import asyncio
import contextlib
import os

import asyncpg
from aiohttp import WSCloseCode, WSMsgType, web

VERSION = "1"
LONG = b"x" * 200_000
ENDING = web.AppKey("ending", asyncio.Event)
POOL = web.AppKey("pool", asyncpg.Pool)
SOCKETS = web.AppKey("sockets", set)
routes = web.RouteTableDef()


@routes.get("/")
async def page(request):
    return web.Response(text=VERSION)


@routes.get("/health")
async def health(request):
    return web.Response(text="well")


@routes.get("/long")
async def long(request):
    return web.Response(body=LONG)


@routes.get("/slow")
async def slow(request):
    """Ten pieces over the seconds that are asked for."""
    answer = web.StreamResponse()
    await answer.prepare(request)
    for _ in range(10):
        await asyncio.sleep(float(request.query["seconds"]) / 10)
        await answer.write(b"piece\n")
    await answer.write_eof()
    return answer


@routes.post("/rows")
async def write(request):
    body = await request.read()
    await request.app[POOL].execute("INSERT INTO rows VALUES ($1, $2)", request.query["id"], len(body))
    return web.Response(status=201, text=VERSION)


@routes.get("/rows")
async def rows(request):
    """All that was written: an id and a number of bytes in each line."""
    found = await request.app[POOL].fetch("SELECT id, size FROM rows")
    return web.Response(text="".join(f"{row['id']} {row['size']}\n" for row in found))


@routes.get("/socket")
async def socket(request):
    answer = web.WebSocketResponse()
    await answer.prepare(request)
    request.app[SOCKETS].add(answer)
    try:
        async for message in answer:
            if message.type is WSMsgType.TEXT:
                await answer.send_str(message.data)
    finally:
        request.app[SOCKETS].discard(answer)
    return answer


@routes.get("/events")
async def events(request):
    """Server-sent events, until the application ends."""
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    await answer.prepare(request)
    ending = request.app[ENDING]
    while not ending.is_set():
        await answer.write(b"data: there\n\n")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ending.wait(), 0.5)
    await answer.write_eof()
    return answer


async def open_pool(app):
    app[POOL] = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=4)
    yield
    await app[POOL].close()


async def end(app):
    """On SIGTERM: streams end as they should, sockets are closed with a word."""
    app[ENDING].set()
    closing = (one.close(code=WSCloseCode.GOING_AWAY, message=b"a new release") for one in tuple(app[SOCKETS]))
    await asyncio.gather(*closing)


app = web.Application(client_max_size=2**22)
app[ENDING], app[SOCKETS] = asyncio.Event(), set()
app.add_routes(routes)
app.cleanup_ctx.append(open_pool)
app.on_shutdown.append(end)
web.run_app(app, port=int(os.environ.get("PORT", "8000")), shutdown_timeout=20, access_log=None)
