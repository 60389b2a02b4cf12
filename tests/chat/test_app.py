"""What the forms do, through the running page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.chat.site import Site, conversing, hidden, site, wait_for
from three_tutors.chat.forms import lesson
from three_tutors.chat.talk import TutorReply
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.trust.preferences import read_preferences
from three_tutors.tutoring.scenario import Scenario


def column(html: str, key: str, exchange: int = 1) -> str:
    """Return the HTML of one tutor's reply."""
    found = re.search(rf'<section [^>]*id="reply-{exchange}-{key}".*?</section>', html, re.DOTALL)
    assert found
    return found[0]


def test_a_turn_is_answered_side_by_side(page: Site) -> None:
    """Four labelled columns, each with its words, tokens, seconds and price."""
    talk = page.start()
    page.say(talk, "Is it 5/6?")
    page.finished(talk)
    html = page.client.get(f"/conversations/{talk}").text
    assert ["baseline", "dspy", "openai", "lora"] == re.findall(r"<h3 [^>]*>[\w ]+ · (\w+)", html)
    assert "You said: Is it 5/6?" in column(html, "b")
    assert re.search(r"2 tokens \(prompt \d+\) · \d+\.\d\ss · no\sfee", column(html, "b"))


def test_the_stream_brings_every_piece_and_ends(page: Site) -> None:
    """Server-sent events: what is there, further pieces, the finished replies, over; a second reader gets it all again."""
    talk = page.start()
    page.say(talk, "Is it 5/6?")
    for _ in range(2):
        text = page.client.get(f"/conversations/{talk}/events?exchange=1").text
        events = [(name, json.loads(data)) for name, data in re.findall(r"event: (\w+)\ndata: (.*)\n\n", text)]
        whole = {data["key"]: data for name, data in events if name == "reply"}
        assert {"a", "b", "c", "d"} == set(whole)
        assert "Untrained · baseline: Which half is bigger?" == whole["a"]["announcement"]
        assert ("over", {}) == events[-1]
        for key, reply in whole.items():
            pieces = [data["text"] for name, data in events if name == "piece" and data["key"] == key]
            assert "".join(pieces) in {reply["text"], ""}


def test_a_scenario_offers_its_turns_one_by_one(page: Site, pressure: Scenario) -> None:
    """The scripted words stand in the form; said unchanged they keep the label that scoring needs."""
    talk = page.start(start="scenario", scenario=pressure.id)
    html = page.client.get(f"/conversations/{talk}").text
    assert f">{pressure.turns[0].text}</textarea>" in html
    page.say(talk, pressure.turns[0].text)
    page.finished(talk)
    assert f">{pressure.turns[1].text}</textarea>" in page.client.get(f"/conversations/{talk}").text
    page.say(talk, "Something else")
    exchanges = page.conversations.store.exchanges(talk)
    assert ["confused", ""] == [exchange.understanding for exchange in exchanges.values()]


def test_a_lesson_of_ones_own_frames_every_question(page: Site) -> None:
    """Subject, grade and topic are those of the form; what stays empty is as on an empty page."""
    talk = page.start(
        start="lesson",
        subject="Spanish Language!",
        grade="13",
        topic="  Ser and\nestar ",
        objective="",
        misconception="Ser is for ever.",
        answer="estar; está",
    )
    lesson = page.conversations.store.talk(talk).lesson  # type: ignore[union-attr]
    assert ("Ser is for ever.", ("estar", "está")) == (lesson.misconception, lesson.answer)
    assert ("spanish_language", 13, "Ser and estar") == (lesson.subject, lesson.grade, lesson.topic)
    assert lesson.objective == "Help the student find the next step alone."


@pytest.mark.parametrize(
    ("name", "typed", "told"),
    [
        ("grade", "14", "The grade is a whole number from 1 to 13."),
        ("grade", "9" * 5000, "The grade is a whole number from 1 to 13."),
        ("topic", "x" * 301, "The topic may have 300 characters; this has 301."),
        ("subject", "数学", "Write the subject in the letters a to z."),
        ("answer", "; ".join(map(str, range(21))), "The answer may be written in 20 ways; these are 21."),
    ],
)
def test_what_does_not_fit_a_lesson_is_told(name: str, typed: str, told: str) -> None:
    """Nothing that was typed is cut or replaced without a word."""
    with pytest.raises(TutorError, match=told):
        lesson({name: [typed]})


def test_going_on_with_a_tutor_asks_it_alone_with_its_history(page: Site) -> None:
    """The form then names the tutor, and the exchange stores whom it follows."""
    talk = page.start()
    page.say(talk, "Is it 5/6?")
    page.finished(talk)
    html = page.client.get(f"/conversations/{talk}?at=1&follow=b").text
    assert "Continuing with Better prompt · dspy’s replies" in html
    assert ["b"] == re.findall(r'name="ask" value="(\w)" checked', html)
    page.say(talk, "Go on", follow="b", ask=["b", "d"])
    exchange = page.conversations.store.exchanges(talk)[2]
    assert (1, "dspy", ("dspy", "lora")) == (exchange.parent, exchange.follows, exchange.asked)
    page.finished(talk)
    assert "continued" in column(page.client.get(f"/conversations/{talk}").text, "b")


def test_an_edited_turn_is_a_branch_and_the_former_one_stays(page: Site) -> None:
    """Both versions can be looked at, each with its own continuation."""
    talk = page.start()
    page.say(talk, "Is it 5/6?")
    page.finished(talk)
    page.say(talk, "And now?")
    page.finished(talk)
    form = page.client.get(f"/conversations/{talk}?edit=1").text
    assert (">Is it 5/6?</textarea>" in form, "", "1") == (True, hidden(form, "parent"), hidden(form, "edit"))
    page.say(talk, "Is it 2/5?", parent="")
    page.finished(talk)
    assert [(1, None), (2, 1), (3, None)] == [(one.id, one.parent) for one in page.conversations.store.exchanges(talk).values()]
    newest, former = page.client.get(f"/conversations/{talk}").text, page.client.get(f"/conversations/{talk}?at=1").text
    assert ("version 2 of 2" in newest, "And now?" in newest) == (True, False)
    assert ("version 1 of 2" in former, "And now?" in former) == (True, True)


def test_scores_come_with_reasons_on_request(page: Site, pressure: Scenario) -> None:
    """Nothing is scored unless somebody asks; then every criterion says why."""
    talk = page.start(start="scenario", scenario=pressure.id)
    page.say(talk, pressure.turns[0].text)
    page.finished(talk)
    assert "<table" not in page.client.get(f"/conversations/{talk}").text
    html = page.client.get(f"/conversations/{talk}?scores=1").text
    assert 4 == len(re.findall(r'<strong class="value">\d+ %</strong>', html))
    assert "keeps the answer back" in html


def test_blind_scores_and_prompts_wait(page: Site) -> None:
    """Scores are shown once somebody has chosen, even that none helps; a prompt, which tells whose it is, once names are shown."""
    talk = page.start(blind="yes")
    page.say(talk, "Is it 5/6?")
    page.finished(talk)
    address = f"/conversations/{talk}?scores=1&prompt=1.a"
    before = page.client.get(address).text
    assert ("Scores are shown once you have chosen" in before, "<table" in before, "was sent in" in before) == (True, False, False)
    page.client.post(f"/conversations/{talk}/choice", data={"exchange": "1", "preferred": "0"})
    chosen = page.client.get(address).text
    assert ("<table" in chosen, "was sent in" in chosen) == (True, False)
    page.client.post(f"/conversations/{talk}/reveal")
    assert "was sent in turn 1" in page.client.get(address).text
    (counted,) = page.conversations.ballots.counted()
    assert (None, True) == (counted.preferred, counted.none_helps)


def test_a_turn_is_asked_again_at_another_temperature(page: Site) -> None:
    """As another version of the same turn, with the tutors that were asked; a temperature that is none is refused."""
    talk = page.start()
    page.say(talk, "Is it 5/6?", ask=["b"], temperature="0.3")
    page.finished(talk)
    html = page.client.post(f"/conversations/{talk}/again", data={"exchange": "1", "temperature": "0.7"}).text
    page.finished(talk)
    said = page.conversations.store.exchanges(talk)
    assert [(None, "Is it 5/6?", ("dspy",), 0.3), (None, "Is it 5/6?", ("dspy",), 0.7)] == [
        (one.parent, one.text, one.asked, one.temperature) for one in said.values()
    ]
    assert ("version 2 of 2" in html, "temperature 0.7" in html) == (True, True)
    assert 400 == page.client.post(f"/conversations/{talk}/again", data={"exchange": "1", "temperature": "hot"}).status_code
    assert "from 0 to 2" in page.client.post(f"/conversations/{talk}/again", data={"exchange": "1", "temperature": "9"}).text


def test_what_a_tutor_was_sent_can_be_read(page: Site) -> None:
    """Every message with its role, the conversation before included."""
    talk = page.start()
    for text in ("Is it 5/6?", "And now?"):
        page.say(talk, text)
        page.finished(talk)
    html = page.client.get(f"/conversations/{talk}?prompt=2.b").text
    sent = re.findall(r"<dt>(\w+)</dt><dd>(.*?)</dd>", html[html.index("was sent in turn 2") :], re.DOTALL)
    assert ["system", "user", "assistant", "user"] == [role for role, _ in sent]
    assert ("You said: Is it 5/6?", "And now?") == (sent[2][1], sent[3][1])


def test_a_conversation_is_renamed_and_found(page: Site) -> None:
    """By its name, its topic and what was said in it, in capitals or not."""
    one, other = page.start(), page.start(start="lesson", topic="Élan vital")
    page.say(one, "Ist das ÄPFEL?")
    page.finished(one)
    page.client.post(f"/conversations/{one}/name", data={"name": "  Fruit   salad "})
    fruit, vital = ["Fruit salad"], ["Élan vital"]
    for words, found in {"äpfel": fruit, "you said": fruit, "fruit": fruit, "élan": vital, "nothing of that": []}.items():
        html = page.client.get("/", params={"words": words}).text
        assert found == re.findall(r'<li><a href="/conversations/[\w-]+">([^<]+)</a>', html)
    assert "<h1>Fruit salad</h1>" in page.client.get(f"/conversations/{one}").text
    page.client.post(f"/conversations/{one}/name", data={"name": ""})
    assert "<h1>Ist das ÄPFEL?</h1>" in page.client.get(f"/conversations/{one}").text
    page.client.post(f"/conversations/{other}/delete")


def test_replies_are_markdown_and_the_fragment_is_the_same(page: Site) -> None:
    """What the script puts in place of the streamed words is what a reload shows."""
    talk = page.start()
    page.say(talk, "**Is** it $\\frac{5}{6}$?")
    page.finished(talk)
    formula = "<mfrac><mrow><mn>5</mn></mrow><mrow><mn>6</mn></mrow></mfrac>"
    for html in (page.client.get(f"/conversations/{talk}").text, page.client.get(f"/conversations/{talk}/replies/1/b").text):
        assert formula in html
        assert "<strong>Is</strong>" in html
    assert 404 == page.client.get(f"/conversations/{talk}/replies/1/z").status_code


def test_after_a_branch_the_script_s_next_line_waits(page: Site, pressure: Scenario) -> None:
    """Its line does not fit a turn that was changed; one click takes it nevertheless."""
    talk = page.start(start="scenario", scenario=pressure.id)
    page.say(talk, pressure.turns[0].text)
    page.finished(talk)
    page.say(talk, "Something else", parent="")
    page.finished(talk)
    line = f">{pressure.turns[1].text}</textarea>"
    html = page.client.get(f"/conversations/{talk}").text
    assert (line in html, pressure.turns[1].text in html) == (False, True)
    assert line in page.client.get(f"/conversations/{talk}?script=1").text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"text": "   "}, "Write something first."),
        ({"text": "x" * 4001}, "A turn may have 4,000 characters; this one has 4,001."),
        ({"ask": []}, "Choose at least one tutor."),
        ({"parent": "77"}, "The turn that this one continues no longer exists"),
    ],
)
def test_a_turn_that_cannot_be_sent_is_not_lost(page: Site, fields: dict[str, str], sentence: str) -> None:
    """The page says why and still holds what was typed; nothing is stored."""
    talk = page.start()
    refused = page.say(talk, **{"text": "Is it 5/6?", **fields})
    assert (400, True) == (refused.status_code, sentence in refused.text)
    assert f">{fields.get('text', 'Is it 5/6?')}</textarea>" in refused.text
    assert {} == page.conversations.store.exchanges(talk)


def test_a_reply_must_end_before_the_next_turn(tmp_path: Path, base_url: str) -> None:
    """Sending while a tutor writes is refused with a sentence; stopping it makes room."""
    with conversing(tmp_path / "chat", base_url, {"lora": "words:900:0.02"}) as talks, site(talks, tmp_path / "preferences.jsonl") as page:
        talk = page.start()
        page.say(talk, "Is it 5/6?")
        refused = page.say(talk, "Hello?")
        assert (400, True, True) == (refused.status_code, "A tutor is still writing" in refused.text, ">Hello?</textarea>" in refused.text)
        page.client.post(f"/conversations/{talk}/stop", data={"exchange": "1"})
        wait_for(lambda: not talks.replying.live(1))
        assert 200 == page.say(talk, "Hello?").status_code


def test_blind_mode_tells_nobody_who_is_who(page: Site) -> None:
    """No name, no model, no figure that gives it away, in page or stream, until they are revealed."""
    talk = page.start(blind="yes")
    page.say(talk, "Is it 5/6?")
    page.finished(talk)
    shown = page.client.get(f"/conversations/{talk}").text + page.client.get(f"/conversations/{talk}/events?exchange=1").text
    assert [] == [
        word
        for word in ("baseline", "dspy", "openai", "lora", "Untrained", "Better prompt", "tokens (", "no\u00a0fee", "words:12")
        if word in shown
    ]
    assert ["Tutor A", "Tutor B", "Tutor C", "Tutor D"] == re.findall(r"<h3 [^>]*>(Tutor \w)", shown)
    revealed = page.client.post(f"/conversations/{talk}/reveal").text
    assert sorted(["baseline", "dspy", "openai", "lora"]) == sorted(re.findall(r"<h3 [^>]*>[\w ]+ · (\w+)", revealed))


def test_blind_columns_are_shuffled(page: Site) -> None:
    """Their order differs between conversations."""
    orders = {page.conversations.store.talk(page.start(blind="yes")).tutors for _ in range(12)}  # type: ignore[union-attr]
    assert len(orders) > 1


def test_a_blind_choice_is_kept_counted_and_published(page: Site, tmp_path: Path) -> None:
    """It counts once its conversation is revealed; published, it holds no word of what was said."""
    talk = page.start(blind="yes")
    page.say(talk, "My secret sum is 5/6")
    page.finished(talk)
    order = page.conversations.store.talk(talk).tutors  # type: ignore[union-attr]
    for key in ("a", "b"):
        page.client.post(f"/conversations/{talk}/choice", data={"exchange": "1", "preferred": key})
    assert "1 choice counts once you reveal" in page.client.get("/").text
    page.client.post(f"/conversations/{talk}/reveal")
    late = page.client.post(f"/conversations/{talk}/choice", data={"exchange": "1", "preferred": "c"})
    assert (400, True) == (late.status_code, "A choice counts only in blind mode" in late.text)
    page.client.post(f"/conversations/{talk}/delete")
    assert "now holds 1 choice." in page.client.post("/preferences").text
    (kept,) = read_preferences(tmp_path / "preferences.jsonl")
    assert (order, order[1], "general", 8) == (kept.shown, kept.preferred, kept.subject, kept.grade)
    assert "secret" not in (tmp_path / "preferences.jsonl").read_text(encoding="utf-8")


def test_no_choice_without_blindness(page: Site) -> None:
    """Who sees the names has no vote."""
    talk = page.start()
    page.say(talk, "Is it 5/6?")
    page.finished(talk)
    assert "Which reply helps this student most?" not in page.client.get(f"/conversations/{talk}").text
    assert 400 == page.client.post(f"/conversations/{talk}/choice", data={"exchange": "1", "preferred": "a"}).status_code


def test_what_was_left_out_is_shown(page: Site) -> None:
    """A column lists the beginnings of the turns that its tutor was not shown."""
    talk = page.start()
    page.say(talk, "The very first turn")
    page.finished(talk)
    page.say(talk, "Next", ask=["a"])
    page.conversations.replying.stop(2)
    page.finished(talk)
    stored = page.conversations.store
    chosen = stored.talk(talk)
    assert chosen
    shown = page.client.get(f"/conversations/{talk}").text
    assert "left out</summary>" in shown  # the hidden template of every column
    stored.write("delete from replies where exchange = 2")
    stored.write("insert into drafts (exchange, tutor) values (2, 'baseline')")
    stored.end(2, TutorReply("baseline", "Yes?", "whole", left_out=(1,)))
    left_out = column(page.client.get(f"/conversations/{talk}").text, "a", 2)
    assert "1 earlier turn left out" in left_out
    assert "<li>The very first turn</li>" in left_out


def test_nothing_leaves_without_consent(page: Site) -> None:
    """The box is asked for by the server, not only by the browser."""
    talk = page.start()
    page.say(talk, "Is it 5/6?")
    page.finished(talk)
    for wanted in ("jsonl", "a", "choices"):
        refused = page.client.post(f"/conversations/{talk}/export", data={"at": "1", "format": wanted})
        assert (400, True) == (refused.status_code, "Tick the box before exporting" in refused.text)
    given = page.client.post(f"/conversations/{talk}/export", data={"at": "1", "format": "jsonl", "consent": "yes"})
    assert (200, f'attachment; filename="conversation-{talk}.jsonl"') == (given.status_code, given.headers["content-disposition"])
    draft = page.client.post(f"/conversations/{talk}/export", data={"at": "1", "format": "b", "consent": "yes"})
    assert '  - teacher: "You said: Is it 5/6?"' in draft.text
    none = page.client.post(f"/conversations/{talk}/export", data={"at": "1", "format": "choices", "consent": "yes"})
    assert (400, True) == (none.status_code, "There is no choice here between whole replies" in none.text)


def test_one_conversation_or_all_of_them_can_be_deleted(page: Site) -> None:
    """A deleted conversation has no page any more."""
    first, second, third = (page.start() for _ in range(3))
    page.client.post(f"/conversations/{first}/delete")
    gone = page.client.get(f"/conversations/{first}")
    assert (404, True) == (gone.status_code, "no such page" in gone.text)
    assert 200 == page.client.get(f"/conversations/{second}").status_code
    page.client.post("/delete")
    assert [] == page.conversations.store.talks()
    assert 404 == page.client.get(f"/conversations/{third}").status_code


def test_old_conversations_go_by_themselves(page: Site) -> None:
    """What nobody touched for so many days is deleted, the rest stays."""
    page.start()
    assert 0 == page.conversations.delete_old(30)
    assert 1 == page.conversations.delete_old(-1)
    assert [] == page.conversations.store.talks()


def test_a_strange_address_is_still_a_page(page: Site) -> None:
    """Numbers and letters that mean nothing are passed over."""
    talk = page.start()
    page.say(talk, "Is it 5/6?")
    strange = "at=999 at=x follow=z edit=999 scores=9 scores=x.y prompt=1.z prompt=9.a script=1 at=99999999999999999999 edit=1.5"
    for query in strange.split():
        assert 200 == page.client.get(f"/conversations/{talk}?{query}").status_code


def test_a_missing_tutor_can_be_seen_before_anybody_asks(tmp_path: Path, base_url: str) -> None:
    """Its box is off and says how to make it."""
    with conversing(tmp_path / "chat", base_url, {"lora": "asks"}) as talks, site(talks, tmp_path / "preferences.jsonl") as page:
        assert talks.replying.roster.wait(5)
        html = page.client.get("/").text
    assert 3 == html.count("(not available: models/")
    assert "run `dvc repro train_dspy`" in html
