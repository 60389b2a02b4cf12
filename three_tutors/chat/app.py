"""The routes: what each address shows and what each form does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from three_tutors.chat import export, view, wording
from three_tutors.chat.conversations import Conversations
from three_tutors.chat.forms import lesson, number, one, read_form
from three_tutors.chat.guard import Guard, refusal
from three_tutors.chat.one_core import on_one_core
from three_tutors.chat.pages import page
from three_tutors.chat.streaming import events
from three_tutors.chat.talk import Talk, path_to
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.trust.preferences import PREFERENCES, tally
from three_tutors.tutoring.dialogue import LONGEST_TURN, Lesson
from three_tutors.tutoring.fields import fields

STATIC = Path(__file__).parent / "static"
NOT_FOUND = 404
HOUR = 60 * 60.0


@dataclass(frozen=True)
class Pages:
    """The routes, and what they share."""

    conversations: Conversations
    keep_days: int
    preferences: Path = PREFERENCES

    def start(self, request: Request) -> Response:
        """GET /: start a conversation, open an earlier one, see the blind choices."""
        return self._start(published=number(request.query_params.get("published")))

    async def create(self, request: Request) -> Response:
        """POST /conversations."""
        form = await read_form(request)
        start, tutors, blind = one(form, "start"), form.get("tutor", []), one(form, "blind") == "yes"
        try:
            scenario = one(form, "scenario") if start == "scenario" else None
            described = lesson(form) if start == "lesson" else None
            talk = self.conversations.start(described, tutors, blind=blind, scenario=scenario)
        except TutorError as error:
            return self._start(error=str(error))
        return RedirectResponse(f"/conversations/{talk.id}", 303)

    async def show(self, request: Request) -> Response:
        """GET /conversations/{talk}."""
        query = request.query_params
        scores = query.get("scores", "").split(".")
        asked = view.Asked(
            at=number(query.get("at")),
            follow=query.get("follow"),
            edit=number(query.get("edit")),
            scores=(number(scores[0]) or 0, scores[1]) if len(scores) == 2 else None,  # noqa: PLR2004 - exchange and column
        )
        return self._conversation(self._talk(request), asked)

    async def say(self, request: Request) -> Response:
        """POST /conversations/{talk}/turns: a new turn, an edited one, or one that goes on with a tutor."""
        talk, form = self._talk(request), await read_form(request)
        parent, text = number(one(form, "parent")), one(form, "text")
        follows, click = talk.tutor(one(form, "follow")), one(form, "request") or None
        asked = [name for key in form.get("ask", []) if (name := talk.tutor(key))]
        say = partial(self.conversations.say, talk, text, parent=parent, follows=follows, asked=asked, request=click)
        try:
            new = await run_in_threadpool(say)  # it waits for the threads that it starts
        except TutorError as error:
            again = view.Asked(parent, one(form, "follow"), number(one(form, "edit")), error=str(error), typed=text)
            return self._conversation(talk, again)
        return RedirectResponse(f"/conversations/{talk.id}?at={new}#newest", 303)

    async def stream(self, request: Request) -> Response:
        """GET /conversations/{talk}/events: the replies of one exchange while they are written."""
        talk, exchange = self._talk(request), number(request.query_params.get("exchange"))
        if exchange not in self.conversations.store.exchanges(talk.id):
            raise HTTPException(404)
        return StreamingResponse(events(self.conversations, talk, exchange), media_type="text/event-stream")

    async def stop(self, request: Request) -> Response:
        """POST /conversations/{talk}/stop."""
        talk, exchange = self._talk(request), number(one(await read_form(request), "exchange"))
        if exchange in self.conversations.store.exchanges(talk.id):
            self.conversations.replying.stop(exchange)
        return RedirectResponse(f"/conversations/{talk.id}?at={exchange or ''}", 303)

    async def choose(self, request: Request) -> Response:
        """POST /conversations/{talk}/choice: which reply a person prefers without knowing whose it is."""
        talk, form = self._talk(request), await read_form(request)
        exchange = self.conversations.store.exchanges(talk.id).get(number(one(form, "exchange")) or 0)
        key = one(form, "preferred")
        preferred = talk.tutor(key)
        if exchange is None or (preferred is None and key != "-"):
            raise HTTPException(400)
        try:
            self.conversations.choose(talk, exchange, preferred)
        except TutorError as error:
            return self._conversation(talk, view.Asked(exchange.id, error=str(error)))
        return RedirectResponse(f"/conversations/{talk.id}?at={exchange.id}#exchange-{exchange.id}", 303)

    async def reveal(self, request: Request) -> Response:
        """POST /conversations/{talk}/reveal."""
        talk = self._talk(request)
        self.conversations.reveal(talk)
        return RedirectResponse(f"/conversations/{talk.id}", 303)

    async def export(self, request: Request) -> Response:
        """POST /conversations/{talk}/export: only with the box of consent ticked."""
        talk, form = self._talk(request), await read_form(request)
        at, wanted = number(one(form, "at")), one(form, "format")
        if one(form, "consent") != "yes":
            return self._conversation(talk, view.Asked(at, error=f"Tick the box before exporting: {export.CONSENT}"))
        exchanges = self.conversations.store.exchanges(talk.id)
        if wanted == "jsonl":
            text = export.jsonl(talk, exchanges, self.conversations.labels(talk))
            return _file(f"conversation-{talk.id}.jsonl", text, "application/jsonl")
        tutor = talk.tutor(wanted)
        if tutor is None and wanted != "choices":
            raise HTTPException(400)
        try:
            if tutor is None:
                text = export.choices(talk, exchanges, self.conversations.ballots.preferred(exchanges))
                return _file(f"choices-{talk.id}.jsonl", text, "application/jsonl")
            text = export.draft(talk, path_to(at, exchanges), tutor)
        except TutorError as error:
            return self._conversation(talk, view.Asked(at, error=str(error)))
        return _file(f"{export.identifier(talk.lesson.topic, talk.id)}.yaml", text, "application/yaml")

    async def delete(self, request: Request) -> Response:
        """POST /conversations/{talk}/delete."""
        self.conversations.delete(self._talk(request))
        return RedirectResponse("/", 303)

    async def delete_all(self, _: Request) -> Response:
        """POST /delete."""
        self.conversations.delete_all()
        return RedirectResponse("/", 303)

    async def publish(self, _: Request) -> Response:
        """POST /preferences: add the blind choices to the data set."""
        count = await run_in_threadpool(self.conversations.ballots.publish, self.preferences)
        return RedirectResponse(f"/?published={count}#tally", 303)

    def _talk(self, request: Request) -> Talk:
        talk = self.conversations.store.talk(request.path_params["talk"])
        if talk is None:
            raise HTTPException(404)
        return talk

    def _start(self, error: str = "", published: int | None = None) -> Response:
        scenarios = sorted(self.conversations.scenarios.values(), key=lambda one: (one.lesson.subject, one.lesson.topic))
        roster = self.conversations.replying.roster
        talks = [(talk, view.title(talk, first), wording.beginning(first), when) for talk, first, when in self.conversations.store.talks()]
        html = page(
            "start",
            scenarios=scenarios,
            subjects=sorted({scenario.lesson.subject for scenario in scenarios}),
            described=[field for field in fields(Lesson) if field.kind == "text" and field.name != "subject"],
            tutors=[(name, roster.missing.get(name, "")) for name in roster.names],
            talks=talks,
            keep_days=self.keep_days,
            standings=tally(self.conversations.ballots.counted()),
            waiting=self.conversations.ballots.waiting(),
            published=published,
            error=error,
        )
        return HTMLResponse(html, 400 if error else 200)

    def _conversation(self, talk: Talk, asked: view.Asked) -> Response:
        steps = view.steps(self.conversations, talk, asked)
        html = page(
            "conversation",
            talk=talk,
            title=view.title(talk, steps[0].exchange.text if steps else ""),
            revealed=self.conversations.store.revealed(talk.id),
            steps=steps,
            at=steps[-1].exchange.id if steps else "",
            composer=view.composer(self.conversations, talk, steps, asked),
            consent=export.CONSENT,
            longest=LONGEST_TURN,
            error=asked.error,
        )
        return HTMLResponse(html, 400 if asked.error else 200)


def build(pages: Pages, token: str, port: int) -> ASGIApp:
    """Return the application with its guard."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(_tidy(lambda: pages.conversations.delete_old(pages.keep_days)))
        with on_one_core():
            yield
        task.cancel()
        pages.conversations.replying.close()

    talk = "/conversations/{talk}"
    routes = [
        Route("/", pages.start),
        Route("/conversations", pages.create, methods=["POST"]),
        Route(talk, pages.show),
        Route(f"{talk}/turns", pages.say, methods=["POST"]),
        Route(f"{talk}/events", pages.stream),
        Route(f"{talk}/stop", pages.stop, methods=["POST"]),
        Route(f"{talk}/choice", pages.choose, methods=["POST"]),
        Route(f"{talk}/reveal", pages.reveal, methods=["POST"]),
        Route(f"{talk}/export", pages.export, methods=["POST"]),
        Route(f"{talk}/delete", pages.delete, methods=["POST"]),
        Route("/delete", pages.delete_all, methods=["POST"]),
        Route("/preferences", pages.publish, methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Guard(
        Starlette(routes=routes, exception_handlers={HTTPException: _refused, ClientDisconnect: _refused}, lifespan=lifespan), token, port
    )


async def _refused(_: Request, error: Exception) -> Response:
    """Reply with a page of one sentence that repeats nothing of what was sent."""
    if not isinstance(error, HTTPException):
        return refusal(400, "The form did not arrive.")
    return refusal(error.status_code, "There is no such page." if error.status_code == NOT_FOUND else error.detail)


async def _tidy(delete_old: Callable[[], object]) -> None:
    while True:
        await run_in_threadpool(delete_old)
        await asyncio.sleep(HOUR)


def _file(name: str, text: str, media_type: str) -> Response:
    return Response(text, media_type=f"{media_type}; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'})
