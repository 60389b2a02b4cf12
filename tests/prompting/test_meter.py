from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tests.chat_server import completion, running
from three_tutors.openai_client.endpoint import Endpoint, Sampling
from three_tutors.pipeline.diagnostics import EndpointError
from three_tutors.prompting.budget import Price, Usage
from three_tutors.prompting.meter import Meter, Model, Stop
from three_tutors.tutoring.formats import Message

SAMPLING = Sampling(10, 0.0, 1)


def prompt(number: int) -> list[Message]:
    """Return a prompt of two words."""
    return [{"role": "user", "content": f"question {number}"}]


def ask_all(meter: Meter, model: Model, numbers: Sequence[int]) -> None:
    """Ask many questions at once."""
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: meter.ask(model, prompt(number), SAMPLING), numbers))


def test_usage_is_counted_right_under_threads(new_meter: Callable[..., Meter], model: Model) -> None:
    """200 calls from 16 threads are 200 calls of 2 + 5 tokens at $1 and $2 a million."""
    meter = new_meter()
    ask_all(meter, model, range(200))
    assert (meter.usage.calls, meter.usage.prompt_tokens, meter.usage.completion_tokens) == (200, 400, 1000)
    assert meter.usage.dollars == pytest.approx(0.0024)


def test_a_resumed_run_counts_the_same_and_pays_only_for_what_is_new(new_meter: Callable[..., Meter], model: Model) -> None:
    """What the ledger holds is counted towards the budget and not asked again."""
    ask_all(new_meter(), model, range(10))
    meter = new_meter()
    ask_all(meter, model, range(12))
    assert (meter.usage.calls, meter.paid.calls) == (12, 2)


def test_a_call_made_twice_counts_once(new_meter: Callable[..., Meter], model: Model) -> None:
    """Scoring a program again costs nothing, so it is not counted again."""
    meter = new_meter()
    meter.ask(model, prompt(1), SAMPLING)
    meter.ask(model, prompt(1), SAMPLING)
    assert meter.usage.calls == 1


@pytest.mark.parametrize("limit", [{"calls": 5}, {"tokens": 150}, {"dollars": 1.5e-4}])
def test_no_budget_is_ever_exceeded(new_meter: Callable[..., Meter], model: Model, limit: dict[str, float]) -> None:
    """Sixteen threads that ask at once stay within the calls, tokens and dollars allowed, and something is asked."""
    meter = new_meter(**limit)
    with pytest.raises(Stop):
        ask_all(meter, model, range(100))
    ((name, most),) = limit.items()
    assert 0 < getattr(meter.paid, name) <= most
    assert f"dspy.budget.{name}" in meter.forgive()


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": float("nan"), "completion_tokens": float("nan")}, {"prompt_tokens": 0}])
@pytest.mark.parametrize("limit", [{"tokens": 300}, {"dollars": 3e-4}])
def test_a_service_that_counts_no_tokens_does_not_unbind_the_budget(
    new_meter: Callable[..., Meter], usage: object, limit: dict[str, float]
) -> None:
    """What it does not say is estimated, so that the budget still ends the run."""
    meter = new_meter(**limit)
    with running(lambda _: (200, completion(usage=usage))) as server:
        silent = Model(Endpoint(server.base_url, "m", "key"), "m", Price(prompt=1.0, completion=2.0))
        with pytest.raises(Stop):
            ask_all(meter, silent, range(100))
        ((name, most),) = limit.items()
        assert 0 < getattr(meter.paid, name) <= most
        assert (meter.estimated, len(server.asked)) == (meter.paid.calls, meter.paid.calls)


def test_seconds_are_a_budget_too(new_meter: Callable[..., Meter], model: Model) -> None:
    """After the time allowed no call is made."""
    meter = new_meter(seconds=5)
    meter._clock = lambda: meter._started + 6
    with pytest.raises(Stop):
        meter.ask(model, prompt(1), SAMPLING)
    assert (meter.paid, "seconds" in meter.forgive()) == (Usage(), True)


def test_two_threads_never_pay_for_the_same_call(new_meter: Callable[..., Meter], model: Model, endpoint: Any) -> None:
    """Who asks for what is under way waits for it; both get the one reply."""
    asked, answering = threading.Event(), threading.Event()
    scripted = endpoint.script

    def slow(messages: Sequence[Message]) -> str:
        asked.set()
        assert answering.wait(10)
        return str(scripted(messages))

    endpoint.script = slow
    meter = new_meter()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(meter.ask, model, prompt(1), SAMPLING)
        assert asked.wait(10)
        second = pool.submit(meter.ask, model, prompt(1), SAMPLING)
        while not meter._lock._waiters:  # type: ignore[attr-defined] - the second has to wait before the first is answered
            time.sleep(0.001)
        answering.set()
        assert first.result() == second.result()
    assert (len(endpoint.asked), meter.paid.calls, meter.usage.calls) == (1, 1, 1)


def test_the_first_failure_stops_every_later_call(new_meter: Callable[..., Meter], model: Model) -> None:
    """An endpoint that fails is not asked again, and what it said is what the user reads."""

    class Failing:
        model = "m"

        def chat(self, *_: object) -> None:
            raise EndpointError("The endpoint is down.")

    meter = new_meter()
    with pytest.raises(Stop):
        meter.ask(replace(model, endpoint=Failing()), prompt(1), SAMPLING)  # type: ignore[arg-type]
    with pytest.raises(Stop):
        meter.ask(model, prompt(2), SAMPLING)
    with pytest.raises(EndpointError, match="down"):
        meter.forgive()
    assert meter.usage == Usage()


def test_only_a_met_budget_is_forgiven(new_meter: Callable[..., Meter]) -> None:
    """A bug is raised as it was, whatever DSPy would have made of it."""
    meter = new_meter()
    with pytest.raises(Stop), meter.stopping():
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError):
        meter.forgive()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), EndpointError("Gone.")], ids=["interrupted", "failed"])
def test_who_presses_ctrl_c_does_not_wait_for_replies_under_way(
    new_meter: Callable[..., Meter], model: Model, endpoint: Any, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """A climb that ends otherwise waits, so that what is paid is kept."""
    monkeypatch.setattr("three_tutors.prompting.meter.INTERRUPTED_SECONDS", 0.05)
    asked, answering = threading.Event(), threading.Event()

    def slow(_: Sequence[Message]) -> str:
        asked.set()
        answering.wait(10)
        return "Yes?"

    endpoint.script, meter = slow, new_meter()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(meter.ask, model, prompt(1), SAMPLING)
        assert asked.wait(10)
        meter.stop(error)
        threading.Timer(0.3, answering.set).start()
        meter.close()
        assert answering.is_set() == isinstance(error, EndpointError)
        answering.set()
