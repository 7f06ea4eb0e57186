"""No request is read whose body is larger than anything that a page or program has to send."""

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 1_048_576


class BodyLimit:
    """Reads the body of an act before the app sees it, as far as the limit."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _read(scope, receive)
        if body is None:
            await JSONResponse({"error": f"at most {MOST_BYTES} bytes can be sent"}, 413)(scope, receive, send)
            return
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return messages.pop() if messages else await receive()

        await self._app(scope, replay, send)


async def _read(scope: Scope, receive: Receive) -> bytes | None:
    headers = Headers(scope=scope)
    length = headers.get("content-length", "")
    if "transfer-encoding" not in headers and not length.strip("0"):
        return b""  # nothing comes, and a stream need not wait for it
    if length.isdecimal() and int(length) > MOST_BYTES:
        return None
    body = bytearray()
    while len(body) <= MOST_BYTES:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body) if len(body) <= MOST_BYTES else None
    return None
