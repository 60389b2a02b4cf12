"""What several routes do with a request: read JSON, page through lists, do once what is asked twice."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from three_tutors.openai_server.errors import ApiError, invalid
from three_tutors.openai_server.objects import Key, Kind
from three_tutors.openai_server.store import Row, Store
from three_tutors.pipeline.json_values import MOST_DIGITS, parse
from three_tutors.pipeline.records import Record
from three_tutors.pipeline.text import UnreadableError

LONGEST_KEY = 255
DEEPEST_NAMED = 4
"""Levels of a parameter's name, such as `messages[0].content`."""
PAGE = ("after", "limit", "order")
"""What every list takes."""


async def json_body(request: Request) -> dict[str, Any]:
    """Return the body as an object, or refuse it; where one parameter is to blame, by its name."""
    data = await request.body()
    try:
        body = parse(data, _unique)
    except UnreadableError as error:
        param = _blamed(data)
        sentence = f"We could not parse the JSON body of your request: {error.message} (line {error.line}, column {error.column})."
        raise invalid(f"`{param}`: {sentence}" if param else sentence, param, "invalid_value" if param else "invalid_json") from None
    if not isinstance(body, dict):
        raise invalid("The JSON body of a request is an object.", code="invalid_json")
    return body


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for name, count in Counter(name for name, _ in pairs).items():
        if count > 1:
            raise invalid(f"The parameter `{name}` is given more than once.", name, "invalid_value")
    return dict(pairs)


def _blamed(data: bytes) -> str | None:
    """Return the parameter whose value is no text or number that anything can be done with; None where it is the body itself."""
    try:
        value, path = json.loads(data.decode("utf-8", "surrogatepass"), parse_int=_kept), ""
    except (ValueError, RecursionError):
        return None
    for _ in range(DEEPEST_NAMED):
        names = {f"{path}.{key}".lstrip("."): one for key, one in value.items()} if isinstance(value, dict) else {}
        names |= {f"{path}[{index}]": one for index, one in enumerate(value)} if isinstance(value, list) and path else {}
        bad = next((name for name, one in names.items() if not _is_readable(one)), None)
        if bad is None:
            break
        path, value = bad, names[bad]
    return path or None


def _kept(digits: str) -> float:
    """Return a whole number, or infinity for one that `parse` refuses; Python itself reads some that are longer."""
    return float(digits) if len(digits.removeprefix("-")) <= MOST_DIGITS else math.inf


def _is_readable(value: Any) -> bool:  # noqa: ANN401 - JSON holds anything
    try:
        parse(json.dumps(value))
    except (UnreadableError, RecursionError):
        return False
    return True


def route(method: str, path: str, endpoint: Callable[[Request], Awaitable[Response]], *query: str) -> Route:
    """Return a route that takes the parameters `query` in its address, each once; any other is a 400 that names it."""

    async def checked(request: Request) -> Response:
        given = [name for name, _ in request.query_params.multi_items()]
        for name in given:
            if name.split("[")[0] not in query:
                raise invalid(f"Unrecognized query parameter supplied: {name}", name, "unknown_parameter")
            if given.count(name) > 1:
                raise invalid(f"The query parameter `{name}` is given more than once.", name, "invalid_value")
        return await endpoint(request)

    return Route(path, checked, methods=[method])


def listed(
    store: Store, request: Request, kind: Kind, parent: str = "", *, limit: int = 20, most: int = 100, **having: str | None
) -> JSONResponse:
    """Return one page of a list: newest first, `after` the last id of the page before."""
    query = request.query_params
    after = query.get("after")
    size = _limit(query.get("limit"), limit, most)
    order = query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise invalid("`order` is asc or desc.", "order", "invalid_value")
    try:
        rows, more = store.page(kind, parent, after=after, limit=size, ascending=order == "asc", having=having)
    except KeyError:
        raise invalid(f"There is no object {after!r} to list after.", "after", "invalid_value") from None
    data = [row.document for row in rows]
    first, last = (data[0]["id"], data[-1]["id"]) if data else ("", "")  # texts by the description, also where there is nothing
    return JSONResponse({"object": "list", "data": data, "has_more": more, "first_id": first, "last_id": last})


def once(store: Store, request: Request, kind: Kind, parameters: str, create: Callable[[], Row]) -> Row:
    """Create an object, or return the one that an earlier request with the same `Idempotency-Key` created.

    Raises:
        ApiError: 400 where the key came with other parameters before.

    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return create()
    if not 1 <= len(key) <= LONGEST_KEY:
        raise invalid(f"`Idempotency-Key` has 1 to {LONGEST_KEY} characters.", "Idempotency-Key", "invalid_value")
    id_ = hashlib.sha256(f"{kind}\0{key}".encode()).hexdigest()
    digest = hashlib.sha256(parameters.encode()).hexdigest()
    with store.transaction():
        seen = store.get("key", id_)
        if seen is None:
            row = create()
            store.insert("key", id_, Key(parameters=digest, created=row.id))
            return row
        if seen.document["parameters"] != digest:
            raise ApiError(400, "This `Idempotency-Key` was used with other parameters.", param="Idempotency-Key", code="idempotency_error")
        found = store.get(kind, seen.document["created"])
    if found is None:
        raise ApiError(404, "What this `Idempotency-Key` created was deleted since.", param="Idempotency-Key", code="not_found")
    return found


def canonical(value: Record) -> str:
    """Return the same text for the same parameters, whatever their order."""
    return json.dumps(value, sort_keys=True)


def _limit(value: str | None, default: int, most: int) -> int:
    if value is None:
        return default
    if not value.isdecimal() or len(value) > len(str(most)) or not 1 <= int(value) <= most:
        raise invalid(f"`limit` is a whole number from 1 to {most}.", "limit", "invalid_value")
    return int(value)
