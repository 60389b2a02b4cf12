"""The report stage: from what a run left to pages a person reads."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from stages.report import Params, report
from tests import small_run
from three_tutors.pipeline.diagnostics import DataError
from three_tutors.pipeline.records import write_jsonl
from three_tutors.reporting.comparison import Setting, shared_values, texts
from three_tutors.reporting.evidence import gather
from three_tutors.reporting.exam import exam_of
from three_tutors.reporting.index_page import index_page
from three_tutors.reporting.provenance import provenance
from three_tutors.reporting.scorecard import findings_of
from three_tutors.tutoring.dialogue import Turn
from three_tutors.tutoring.moment import GradedReply, Moment, Side

SETTINGS = Params(conversations=50, class_size=25, tolerated_failures=0.05)
MACHINE = {"system": "Linux x86_64", "processor cores": "2", "memory": "24 GiB"}


def made(root: Path, settings: Params = SETTINGS) -> dict[str, str]:
    """Return the reports on the run below `root`."""
    evidence = gather(root)
    return dict(report(evidence, provenance(evidence, root / "params.yaml", MACHINE), settings))


def written(root: Path, settings: Params = SETTINGS) -> dict[str, str]:
    """Return the page and the texts on the run below `root` without their pictures, which take most of the time."""
    evidence = gather(root)
    findings, made_of = findings_of(evidence), provenance(evidence, root / "params.yaml", MACHINE)
    setting = Setting(settings.class_size, settings.tolerated_failures)
    shared = shared_values(evidence, findings, exam_of(evidence), made_of, setting.tolerated_failures)
    documents = texts(evidence, findings, shared, [], made_of, setting=setting)
    page = index_page(evidence, findings, shared, [], made_of, documents=documents, most_conversations=settings.conversations)
    return {"index.html": page, **documents}


class Tags(HTMLParser):
    """Collects the tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        """Read `text`."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep one tag."""
        self.tags.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small run in which dspy is the good tutor."""
    return small_run.write_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def reports(run: Path) -> dict[str, str]:
    """Return the reports on that run."""
    return made(run)


def test_the_same_run_gives_the_same_bytes(run: Path, reports: dict[str, str]) -> None:
    """Writing the reports again changes nothing."""
    assert reports == made(run)


def test_faults_that_no_score_sees_are_named(tmp_path: Path) -> None:
    """The trust panel holds every score against the graded replies of the exam, and marks what is near chance."""
    root = small_run.write_run(tmp_path, tutors=["lora"])
    turns = (Turn("student", "I got 2/5 for 1/2 + 1/3.", understanding="wrong"),)
    good, loop = "Which is bigger, 2/5 or 1/2? Does your sum fit that?", "It is 5/6. It is 5/6. It is 5/6. It is 5/6."
    replies = tuple(GradedReply(*one, why="") for one in ((good, "ideal"), (loop, "leak"), (good, "fluent_nonsense")))
    moment = Moment("loop", small_run.dialogues(1)[0].lesson, (Side(turns, replies),))
    write_jsonl(root / "data/processed/moments/test.jsonl", [one.to_record() for one in (moment, *small_run.moments())])
    page = written(root)["index.html"]
    sentence = re.search("No score here tells .* from ideal replies", page)
    assert sentence
    assert "fluent nonsense" in sentence[0]
    assert "leak" not in sentence[0]
    broken = re.search(r'<tr><th scope="row">Broken text</th>(<td class="figure".*)</tr>', page.partition("Which faults")[2])
    assert broken
    assert re.search(
        r'fluent nonsense"><span class="worse">50 %</span></td><td class="figure" data-label="leak"><b>100 %</b></td>', broken[1]
    )


def test_nothing_shows_teaching_comes_first(reports: dict[str, str]) -> None:
    """A run whose exam shows nothing says so first in every text, then who may meet students; the rubric is in no verdict."""
    for name in ("comparison.md", "index.html", "reflection.md", "deployment_plan.md"):
        assert "Nothing in this run shows that any tutor teaches" in reports[name]
    assert "**Nothing in this run shows" in reports["comparison.md"].split("\n\n")[1]
    assert "No tutor of this run may meet students." in reports["comparison.md"].split("\n\n")[1]
    verdict = reports["index.html"].split('id="contents"')[0]
    assert 'May a tutor of this run meet students? <b class="no">No</b>' in verdict
    for text in (verdict.split("can be had by a trick")[1], reports["reflection.md"], reports["deployment_plan.md"]):
        assert "rubric" not in text.lower()


def test_tricked_scores_have_a_part_of_their_own(reports: dict[str, str]) -> None:
    """The rubric stands below the heading of the tricks and nowhere above it in the scorecard."""
    above, _, below = reports["index.html"].partition('<h3 id="tricks">')
    assert '<th scope="row">Rubric score' not in above
    assert '<th scope="row">Rubric score' in below
    assert "“Better” and “worse” speak of the score, not of teaching." in below
    assert "”" in reports["comparison.md"].split("can be had by a trick")[0]


def test_every_tutor_is_quoted_with_its_student(reports: dict[str, str]) -> None:
    """Three replies of each tutor stand in the comparison, each with what it answers, or it is said whose replies they are, too."""
    quoted = reports["comparison.md"].partition("## Replies, to judge for yourself")[2].partition("## 1.")[0]
    for tutor in ("baseline", "dspy", "openai", "lora"):
        own = quoted.partition(f"**{tutor}**")[2].partition("\n**")[0]
        assert (own.count(f"” {tutor}: “"), own.count("The same replies to the same students as")) in ((3, 0), (0, 1))


def test_the_comparison_is_short_and_has_the_five_headings(reports: dict[str, str]) -> None:
    """Three pages at most, no table, and the headings of the task."""
    text = reports["comparison.md"]
    headings = [
        "1. Natural dialogue",
        "2. Range of strategies",
        "3. Data needs and complexity",
        "4. Classroom practicality",
        "5. Cost and scale",
    ]
    assert [heading for heading in headings if f"\n## {heading}\n" not in text] == []
    assert len(text.split()) < 1500
    assert "\n|" not in text


def test_the_plan_names_the_tutor_whose_failures_it_counts(reports: dict[str, str], tmp_path: Path) -> None:
    """The table of failed turns, the privacy paragraph and the waiting time are about one tutor, by name."""
    plan, other = reports["deployment_plan.md"], written(small_run.write_run(tmp_path, good=["lora"]))["deployment_plan.md"]
    assert "turns that dspy failed" in plan
    assert "turns that dspy failed" in other


@pytest.mark.parametrize(("source", "name"), [("embedded", "SmolLM2-135M-Instruct"), ("models/llama", "models/llama")])
def test_the_base_model_is_named(tmp_path: Path, source: str, name: str) -> None:
    """Scores hold for one base model: the comparison says which, and the plan calls the embedded one, and no other, too small."""
    root = small_run.write_run(tmp_path)
    with (root / "params.yaml").open("a", encoding="utf-8") as file:
        file.write(f"base_model:\n  source: {source}\n")
    reports = written(root)
    assert f"The base model of this run is {name}." in reports["comparison.md"]
    assert f"This run used `{name}`." in reports["deployment_plan.md"]
    assert ("too small to teach from" in reports["deployment_plan.md"]) == (source == "embedded")


@pytest.mark.parametrize("absent", ["dspy", "openai", "lora"])
def test_without_a_tutor_the_reports_are_made_and_say_so(tmp_path: Path, absent: str) -> None:
    """A tutor that was not asked is named as missing in every report and left out of the tables."""
    without = written(small_run.write_run(tmp_path, tutors=[name for name in ("baseline", "dspy", "openai", "lora") if name != absent]))
    sentence = f"The tutor {absent} was not asked: run `dvc repro answer@{absent}`."
    assert [sentence in html.unescape(without[name]) for name in ("index.html", "comparison.md", "deployment_plan.md")] == [True] * 3
    assert f"” {absent}: “" not in without["comparison.md"]


def test_without_any_tutor_there_is_no_verdict(tmp_path: Path) -> None:
    """With the teachers' own turns alone the reports are made and claim nothing."""
    reports = written(small_run.write_run(tmp_path, tutors=[]))
    for name in ("comparison.md", "index.html"):
        assert "shows that any tutor teaches: neither choice nor contrast was measured." in reports[name]


def test_before_anything_was_scored_there_is_no_report(tmp_path: Path) -> None:
    """`tutors report` in a new workspace says what to do instead."""
    root = small_run.write_run(tmp_path, tutors=[])
    (root / "data/processed/scores/reference.jsonl").unlink()
    with pytest.raises(DataError, match="no scored replies to report on yet"):
        made(root)


def test_hostile_text_stays_text(tmp_path: Path, run: Path) -> None:
    """Markup in a reply is shown, never obeyed: the page has exactly its own script and picture tags."""
    hostile = written(small_run.write_run(tmp_path, reply=small_run.HOSTILE))["index.html"]
    tags = [[tag for tag, _ in Tags(text).tags if tag in ("script", "img")] for text in (written(run)["index.html"], hostile)]
    assert tags[0] == tags[1]
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in hostile


def test_the_page_needs_no_network(reports: dict[str, str]) -> None:
    """Nothing is loaded from elsewhere: every address is a part of the page, the reports in Markdown included."""
    page = Tags(reports["index.html"])
    addresses = [value for _, attributes in page.tags for name, value in attributes.items() if name in ("src", "href", "action")]
    ids = {attributes["id"] for _, attributes in page.tags if attributes.get("id")}
    assert [address for address in addresses if not (address or "").startswith("#")] == []
    assert {(address or "")[1:] for address in addresses} - ids == set(), "a link leads to a page that is not there"


def test_every_picture_has_words(reports: dict[str, str]) -> None:
    """Every picture has an alternative text; none is an image that dark mode and narrow screens could not change."""
    page = Tags(reports["index.html"])
    pictures = [attributes for tag, attributes in page.tags if tag == "svg" and attributes.get("role") == "img"]
    assert len(pictures) > 10
    assert [one for one in pictures if not one.get("aria-label")] == []
    assert "img" not in [tag for tag, _ in page.tags]


def test_fewer_conversations_are_shown_when_asked_and_the_page_says_so(run: Path) -> None:
    """`report.conversations` cuts the list in proportion of dialogues and scenarios."""
    page = written(run, Params(conversations=3, class_size=25, tolerated_failures=0.05))["index.html"]
    assert page.count('<details class="talk"') == 3
    assert "3 conversations of 14" in page


def test_answers_of_another_split_are_refused(tmp_path: Path) -> None:
    """Scores of something that was not asked stop the stage with the file and line."""
    root = small_run.write_run(tmp_path)
    path = root / "data/processed/scores/lora.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("fractions-1#0", "fractions-99#0"), encoding="utf-8")
    with pytest.raises(DataError, match=r"scores/lora\.jsonl:1: scores fractions-99#0, which was not asked"):
        gather(root)
