"""The routes of the rating page: sign in, rate, skip, look at who wrote what, publish, take back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from three_tutors.chat.app import STATIC as CHAT
from three_tutors.chat.app import refused
from three_tutors.chat.forms import Form, one, read_form
from three_tutors.chat.guard import Guard
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.rating import view
from three_tutors.rating.drawing import following
from three_tutors.rating.form import name_of, rows, said_before
from three_tutors.rating.sheets import Sheet
from three_tutors.rating.votes import Rater, Votes
from three_tutors.trust.ratings import RATINGS, read_ratings

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True)
class RatingPages:
    """The routes and what they share."""

    sheets: Mapping[str, Sheet]
    """By item."""
    votes: Votes
    published: Path = RATINGS

    def start(self, _: Request) -> Response:
        """GET /: what this is, who has rated what."""
        return self._start()

    async def sign_in(self, request: Request) -> Response:
        """POST /raters: begin, or go on, as a rater."""
        form = await read_form(request)
        try:
            rater = name_of(form)
        except TutorError as error:
            return self._start(str(error))
        self.votes.consent(rater, given=one(form, "consent") == "yes")
        return _to("rate", rater)

    def rate(self, request: Request) -> Response:
        """GET /rate: the next moment, or one that was rated before."""
        rater, known = self._rater(request.query_params.get("rater", ""))
        item = request.query_params.get("item", "")
        if item in known.rows and item in self.sheets:
            if item in known.looked:
                return self._moment(rater, known, error="You have seen who wrote these replies, so your ratings stay as they are.")
            of = known.rows[item]
            names = [self._name(self.sheets[item], writer) for writer in of if writer in self.sheets[item].replies]
            if len(names) == len(of):
                return self._moment(rater, known, self.sheets[item], tuple(of), said_before(of, names))
        return self._moment(rater, known, saved=request.query_params.get("saved", ""))

    async def vote(self, request: Request) -> Response:
        """POST /rate: keep what was said of one moment, and go on to the next."""
        form = await read_form(request)
        rater, known = self._rater(one(form, "rater"))
        sheet = self.sheets.get(one(form, "item"))
        if sheet is None:
            return self._moment(rater, known, error="That moment is not asked any more; the tutors were asked anew. Here is the next one.")
        if one(form, "skip"):
            self.votes.skip(rater, sheet.item)
            return _to("rate", rater)
        if sheet.item in known.looked:
            return self._moment(rater, known, error="You have seen who wrote these replies, so your ratings stay as they are.")
        names = {self._name(sheet, writer): writer for writer in sheet.replies}
        shown = {name: names[name] for name in form.get("reply", []) if name in names}
        if len(shown) != len(form.get("reply", [])) or not shown:
            return self._moment(rater, known, error="The tutors have been asked anew meanwhile. Please rate what they reply now.")
        try:
            self.votes.rate(rater, rows(form, sheet, shown, rater))
        except TutorError as error:
            return self._moment(rater, known, sheet, tuple(shown.values()), form, error=str(error))
        return _to("rate", rater, saved=sheet.item)

    def look(self, request: Request) -> Response:
        """GET /look: who wrote what of a moment that was rated, and how it is scored."""
        rater, known = self._rater(request.query_params.get("rater", ""))
        item = request.query_params.get("item", "")
        sheet = self.sheets.get(item)
        if sheet is None or item not in known.rows:
            raise HTTPException(404)
        self.votes.look(rater, item)
        return HTMLResponse(view.look(sheet, rater, known.rows[item], self.votes.raters()))

    async def publish(self, _: Request) -> Response:
        """POST /publish: add the ratings of whoever agreed to the data set."""
        return self._start(published=self.votes.publish(self.published))

    async def forget(self, request: Request) -> Response:
        """POST /forget: delete what one rater said, here and in the data set."""
        self.votes.forget(self._rater(one(await read_form(request), "rater"))[0], self.published)
        return RedirectResponse("/", 303)

    def _rater(self, name: str) -> tuple[str, Rater]:
        found = self.votes.raters().get(name)
        if found is None:
            raise HTTPException(404)
        return name, found

    def _name(self, sheet: Sheet, writer: str) -> str:
        return self.votes.sign(sheet.item, writer, sheet.replies[writer])

    def _moment(
        self,
        rater: str,
        known: Rater,
        sheet: Sheet | None = None,
        writers: Sequence[str] = (),
        form: Form | None = None,
        *,
        error: str = "",
        saved: str = "",
    ) -> Response:
        again = sheet is not None and sheet.item in known.rows
        if sheet is None:
            drawn = following([*self.sheets.values()], {name: one.done for name, one in self.votes.raters().items()}, rater)
            if drawn is None:
                return HTMLResponse(view.done(rater, known))
            sheet, writers = drawn
        shown = {self._name(sheet, writer): sheet.replies[writer] for writer in writers}
        html = view.moment(sheet, shown, rater, known, form or {}, error=error, saved=saved if saved in known.rows else "", again=again)
        return HTMLResponse(html, 400 if error else 200)

    def _start(self, error: str = "", published: int | None = None) -> Response:
        html = view.start(self.sheets.values(), self.votes.raters(), len(read_ratings(self.published)), error, published)
        return HTMLResponse(html, 400 if error else 200)


def build(pages: RatingPages, token: str, port: int) -> ASGIApp:
    """Return the application with its guard."""
    routes = [
        Route("/", pages.start),
        Route("/raters", pages.sign_in, methods=["POST"]),
        Route("/rate", pages.rate),
        Route("/rate", pages.vote, methods=["POST"]),
        Route("/look", pages.look),
        Route("/publish", pages.publish, methods=["POST"]),
        Route("/forget", pages.forget, methods=["POST"]),
        Mount("/static", StaticFiles(directory=CHAT)),
        Mount("/rating", StaticFiles(directory=STATIC)),
    ]
    handlers = {HTTPException: refused, ClientDisconnect: refused}
    return Guard(Starlette(routes=routes, exception_handlers=handlers), token, port)


def _to(page: str, rater: str, **more: str) -> Response:
    return RedirectResponse(f"/{page}?{urlencode({'rater': rater, **more})}", 303)
