"""Fill the templates beside this module. Whatever comes from a person, a model or a dialogue is data, never markup."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from three_tutors.chat.markup import markup
from three_tutors.chat.wording import called, criterion
from three_tutors.tutoring.fields import LONGEST
from three_tutors.tutoring.methods import TUTORS

CHAT = "three_tutors.chat"


def page(template: str, room: str = CHAT, /, **values: Any) -> str:  # noqa: ANN401 - a template takes anything
    """Return the HTML of a `template` of this room or of another one; a name it uses and does not get is an error."""
    return _environment(room).get_template(f"{template}.html.jinja").render(**values)


@cache
def _environment(room: str) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(room), PackageLoader(CHAT)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # templates are not read again for every page
    )
    environment.globals |= {"TUTORS": TUTORS, "LONGEST": LONGEST}
    environment.filters |= {
        "plain": _plain,
        "percent": _percent,
        "moment": _moment,
        "called": called,
        "criterion": criterion,
        "markup": markup,
    }
    return environment


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.0f} %"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
