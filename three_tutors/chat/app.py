"""The application: the page one begins at, the addresses of conversations, and what guards them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from three_tutors.chat.conversations import Conversations
from three_tutors.chat.forms import lesson, number, one, read_form
from three_tutors.chat.guard import Guard, refusal
from three_tutors.chat.one_core import on_one_core
from three_tutors.chat.pages import page
from three_tutors.chat.talking import TalkPages
from three_tutors.chat.waiting import loading
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.trust.preferences import PREFERENCES, tally
from three_tutors.tutoring.dialogue import Lesson
from three_tutors.tutoring.fields import fields

STATIC = Path(__file__).parent / "static"
NOT_FOUND = 404
HOUR = 60 * 60.0


@dataclass(frozen=True)
class Pages:
    """The routes beside those of a conversation, and what all of them share."""

    conversations: Conversations
    keep_days: int
    preferences: Path = PREFERENCES

    def start(self, request: Request) -> Response:
        """GET /: start a conversation, find an earlier one, see the blind choices."""
        return self._start(published=number(request.query_params.get("published")), words=request.query_params.get("words", ""))

    def loading(self, _: Request) -> Response:
        """GET /loading: how far the models are."""
        return JSONResponse({"text": loading(self.conversations.replying.roster)})

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

    async def delete_all(self, _: Request) -> Response:
        """POST /delete."""
        self.conversations.delete_all()
        return RedirectResponse("/", 303)

    async def publish(self, _: Request) -> Response:
        """POST /preferences: add the blind choices to the data set."""
        count = await run_in_threadpool(self.conversations.ballots.publish, self.preferences)
        return RedirectResponse(f"/?published={count}#tally", 303)

    def _start(self, error: str = "", published: int | None = None, words: str = "") -> Response:
        scenarios = sorted(self.conversations.scenarios.values(), key=lambda one: (one.lesson.subject, one.lesson.topic))
        roster = self.conversations.replying.roster
        html = page(
            "start",
            scenarios=scenarios,
            subjects=sorted({scenario.lesson.subject for scenario in scenarios}),
            described=[field for field in fields(Lesson) if field.kind != "whole" and field.name != "subject"],
            tutors=[(name, roster.missing.get(name, "")) for name in roster.names],
            answering=self.conversations.answering,
            loading=loading(roster),
            talks=self.conversations.shelf.talks(words),
            words=words,
            keep_days=self.keep_days,
            standings=tally(self.conversations.ballots.counted()),
            waiting=self.conversations.ballots.waiting(),
            published=published,
            error=error,
        )
        return HTMLResponse(html, 400 if error else 200)


def build(pages: Pages, token: str, port: int) -> ASGIApp:
    """Return the application with its guard."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(_tidy(lambda: pages.conversations.delete_old(pages.keep_days)))
        with on_one_core():
            yield
        task.cancel()
        pages.conversations.replying.close()

    routes = [
        Route("/", pages.start),
        Route("/loading", pages.loading),
        Route("/conversations", pages.create, methods=["POST"]),
        *TalkPages(pages.conversations).routes(),
        Route("/delete", pages.delete_all, methods=["POST"]),
        Route("/preferences", pages.publish, methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Guard(
        Starlette(routes=routes, exception_handlers={HTTPException: refused, ClientDisconnect: refused}, lifespan=lifespan), token, port
    )


async def refused(_: Request, error: Exception) -> Response:
    """Reply with a page of one sentence that repeats nothing of what was sent."""
    if not isinstance(error, HTTPException):
        return refusal(400, "The form did not arrive.")
    return refusal(error.status_code, "There is no such page." if error.status_code == NOT_FOUND else error.detail)


async def _tidy(delete_old: Callable[[], object]) -> None:
    while True:
        await run_in_threadpool(delete_old)
        await asyncio.sleep(HOUR)
