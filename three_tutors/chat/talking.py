"""The addresses of one conversation: what each shows and what each form does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from three_tutors.chat import export, view
from three_tutors.chat.conversations import Conversations
from three_tutors.chat.forms import decimal, number, one, read_form
from three_tutors.chat.pages import page
from three_tutors.chat.shelf import LONGEST_NAME
from three_tutors.chat.streaming import events
from three_tutors.chat.talk import Talk, path_to
from three_tutors.chat.waiting import loading
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.tutoring.dialogue import LONGEST_TURN

NO_DIFFERENCE, NONE_HELPS = "-", "0"
"""What a blind choice may be beside the key of a column."""


@dataclass(frozen=True)
class TalkPages:
    """The routes of a conversation."""

    conversations: Conversations

    def routes(self) -> list[Route]:
        """Return what is where."""
        talk = "/conversations/{talk}"
        return [
            Route(talk, self.show),
            Route(f"{talk}/events", self.stream),
            Route(f"{talk}/replies/{{exchange}}/{{key}}", self.reply),
            *(
                Route(f"{talk}/{name}", form, methods=["POST"])
                for name, form in {
                    "turns": self.say,
                    "again": self.again,
                    "stop": self.stop,
                    "choice": self.choose,
                    "reveal": self.reveal,
                    "name": self.rename,
                    "export": self.export,
                    "delete": self.delete,
                }.items()
            ),
        ]

    def show(self, request: Request) -> Response:
        """GET /conversations/{talk}."""
        query = request.query_params
        prompt = query.get("prompt", "").split(".")
        asked = view.Asked(
            at=number(query.get("at")),
            follow=query.get("follow"),
            edit=number(query.get("edit")),
            scores=number(query.get("scores")),
            prompt=(number(prompt[0]) or 0, prompt[1]) if len(prompt) == 2 else None,  # noqa: PLR2004 - exchange and column
            script=query.get("script") == "1",
        )
        return self._conversation(self._talk(request), asked)

    def reply(self, request: Request) -> Response:
        """GET /conversations/{talk}/replies/{exchange}/{key}: one finished reply as it is shown, to take the place of its pieces."""
        talk, exchange = self._talk(request), number(request.path_params["exchange"])
        tutor = talk.tutor(request.path_params["key"])
        exchanges = self.conversations.store.exchanges(talk.id)
        found = exchanges[exchange].replies.get(tutor) if exchange in exchanges and tutor else None
        if found is None:
            raise HTTPException(404)
        return HTMLResponse(page("reply", column=view.column(self.conversations, talk, found, exchanges)))

    async def say(self, request: Request) -> Response:
        """POST /conversations/{talk}/turns: a new turn, an edited one, or one that goes on with a tutor."""
        talk, form = self._talk(request), await read_form(request)
        parent, text = number(one(form, "parent")), one(form, "text")
        follows, click = talk.tutor(one(form, "follow")), one(form, "request") or None
        asked = [name for key in form.get("ask", []) if (name := talk.tutor(key))]
        drawn = decimal(one(form, "temperature"))
        say = partial(self.conversations.say, talk, text, parent=parent, follows=follows, asked=asked, request=click, temperature=drawn)
        try:
            new = await run_in_threadpool(say)  # it waits for the threads that it starts
        except TutorError as error:
            again = view.Asked(parent, one(form, "follow"), number(one(form, "edit")), error=str(error), typed=text)
            return self._conversation(talk, again)
        return RedirectResponse(f"/conversations/{talk.id}?at={new}#newest", 303)

    async def again(self, request: Request) -> Response:
        """POST /conversations/{talk}/again: the same turn to the same tutors once more, as another version."""
        talk, form = self._talk(request), await read_form(request)
        exchange = self.conversations.store.exchanges(talk.id).get(number(one(form, "exchange")) or 0)
        if exchange is None:
            raise HTTPException(404)
        try:
            new = await run_in_threadpool(self.conversations.again, talk, exchange, decimal(one(form, "temperature")))
        except TutorError as error:
            return self._conversation(talk, view.Asked(exchange.id, error=str(error)))
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
        if exchange is None or (preferred is None and key not in {NO_DIFFERENCE, NONE_HELPS}):
            raise HTTPException(400)
        try:
            self.conversations.choose(talk, exchange, preferred, none_helps=key == NONE_HELPS)
        except TutorError as error:
            return self._conversation(talk, view.Asked(exchange.id, error=str(error)))
        return RedirectResponse(f"/conversations/{talk.id}?at={exchange.id}#exchange-{exchange.id}", 303)

    async def reveal(self, request: Request) -> Response:
        """POST /conversations/{talk}/reveal."""
        talk = self._talk(request)
        self.conversations.reveal(talk)
        return RedirectResponse(f"/conversations/{talk.id}", 303)

    async def rename(self, request: Request) -> Response:
        """POST /conversations/{talk}/name."""
        talk = self._talk(request)
        self.conversations.shelf.rename(talk, one(await read_form(request), "name"))
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

    def _talk(self, request: Request) -> Talk:
        talk = self.conversations.store.talk(request.path_params["talk"])
        if talk is None:
            raise HTTPException(404)
        return talk

    def _conversation(self, talk: Talk, asked: view.Asked) -> Response:
        steps = view.steps(self.conversations, talk, asked)
        html = page(
            "conversation",
            talk=talk,
            title=self.conversations.shelf.title(talk, steps[0].exchange.text if steps else ""),
            longest_name=LONGEST_NAME,
            revealed=self.conversations.store.revealed(talk.id),
            answering=self.conversations.answering,
            loading=loading(self.conversations.replying.roster),
            steps=steps,
            at=steps[-1].exchange.id if steps else "",
            composer=view.composer(self.conversations, talk, steps, asked),
            temperatures=view.TEMPERATURES,
            consent=export.CONSENT,
            longest=LONGEST_TURN,
            error=asked.error,
        )
        return HTMLResponse(html, 400 if asked.error else 200)


def _file(name: str, text: str, media_type: str) -> Response:
    return Response(text, media_type=f"{media_type}; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'})
