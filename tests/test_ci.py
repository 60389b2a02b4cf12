"""What CI runs for users: workflows that are pinned and sparing, and shell steps that run anywhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTIONLINT = Path(sys.executable).with_name("actionlint")
FOR_OTHERS = [ROOT / "action.yml", ROOT / "three_tutors/command/workspace/.github/workflows/dialogues.yml"]
"""What other repositories run: our action, and the workflow that `tutors init` writes."""
SCRIPTS = {
    "reports.yml": ["reproduce", "difference", "comment"],
    "audit.yml": ["audit"],
    "container.yml": ["container"],
    "package.yml": ["package"],
    "release.yml": ["release", "attach"],
}
GRANTED = {
    "reports.yml": {
        "reproduce": {"contents": "read"},
        "publish": {"pages": "write", "id-token": "write"},
        "comment": {"contents": "read", "pull-requests": "write"},
    },
    "audit.yml": {"audit": {"contents": "read"}},
    "container.yml": {"container": {"contents": "read"}},
    "package.yml": {"package": {"contents": "read"}},
    "release.yml": {"build": {"contents": "read"}, "attach": {"contents": "write"}},
}
GIT = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org"}


def steps(path: Path) -> list[dict[str, Any]]:
    """Return every step of a GitHub workflow."""
    return [step for job in YAML(typ="safe").load(path)["jobs"].values() for step in job["steps"]]


def fake(folder: Path, name: str, body: str) -> None:
    """Put a command `name` in `folder` that writes its arguments to `<name>.log` and runs `body`."""
    path = folder / name
    path.write_text(f'#!/usr/bin/env bash\nprintf "%s\\n" "$*" >>"{folder}/{name}.log"\n{body}\n', encoding="utf-8")
    path.chmod(0o755)


def script(name: str, root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of one of our scripts below `root`."""
    (root / ".ci").mkdir(exist_ok=True)
    shutil.copy(ROOT / ".ci" / name, root / ".ci" / name)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("CI", "GITHUB_", "PULL_"))}
    return subprocess.run(
        [root / ".ci" / name, *arguments], capture_output=True, text=True, check=False, cwd=root, env=environment | variables
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a Git repository of one commit whose `.venv` holds fakes of python and dvc."""
    commands = tmp_path / ".venv/bin"
    commands.mkdir(parents=True)
    fake(commands, "python", "echo 'added: one-half-too-much'")
    fake(commands, "dvc", "printf '| Metric | a | b |\\n|---|---|---|\\n| lora.score | 0.5 | 0.6 |\\n'")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for command in (["init", "-q"], ["add", "file"], ["commit", "-q", "-m", "One"]):
        subprocess.run(["git", *command], check=True, cwd=tmp_path, env=os.environ | GIT)
    return tmp_path


@pytest.mark.parametrize("path", [*WORKFLOWS, *FOR_OTHERS], ids=lambda path: path.name)
def test_actions_are_pinned_by_commit(path: Path) -> None:
    """Every action is named by a full commit with its version beside it: a tag can be moved."""
    uses = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert [line for line in uses if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_permissions_are_the_least(path: Path) -> None:
    """Nothing is granted to the whole workflow, and a job that writes may write only what it is for."""
    tree = YAML(typ="safe").load(path)
    assert tree["permissions"] == {}
    assert {name: job["permissions"] for name, job in tree["jobs"].items()} == GRANTED[path.name]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_steps_are_scripts_of_this_project(path: Path) -> None:
    """A shell step calls one script in .ci/ and expands nothing that a request's author may choose."""
    commands = [step["run"] for step in steps(path) if "run" in step]
    assert [command.split()[0] for command in commands] == [f".ci/{name}" for name in SCRIPTS[path.name]]
    assert [command for command in commands if "${{" in command] == []


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", [*WORKFLOWS, FOR_OTHERS[1]]),
        ("vendor.github-actions", [FOR_OTHERS[0]]),
        ("vendor.gitlab-ci", [ROOT / ".gitlab-ci.yml"]),
    ],
)
def test_workflows_fit_their_schema(schema: str, files: list[Path]) -> None:
    """GitHub and GitLab would accept the files."""
    answer = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files], capture_output=True, text=True, check=False
    )
    assert (answer.returncode, answer.stderr) == (0, ""), answer.stdout


def test_actionlint_finds_nothing() -> None:
    """The linter for workflows is content."""
    answer = subprocess.run([ACTIONLINT, *WORKFLOWS, FOR_OTHERS[1]], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout) == (0, "")


def test_actionlint_would_find_something(tmp_path: Path) -> None:
    """The same command refuses a workflow whose step has a property that GitHub does not know."""
    wrong = (ROOT / ".github/workflows/reports.yml").read_text(encoding="utf-8").replace("github.event_name ==", "github.evnt_name ==")
    (tmp_path / "wrong.yml").write_text(wrong, encoding="utf-8")
    answer = subprocess.run([ACTIONLINT, tmp_path / "wrong.yml"], capture_output=True, text=True, check=False)
    assert (answer.returncode, 'property "evnt_name" is not defined' in answer.stdout) == (1, True)


def test_gitlab_calls_the_same_scripts() -> None:
    """Both services run the same scripts in the same order."""
    jobs = YAML(typ="safe").load(ROOT / ".gitlab-ci.yml")
    commands = [command.split()[0] for name in jobs["stages"] if name != "publish" for command in jobs[name]["script"]]
    assert commands == [f".ci/{name}" for names in (SCRIPTS["reports.yml"], SCRIPTS["audit.yml"]) for name in names]


def test_the_difference_holds_dialogues_and_metrics(checkout: Path) -> None:
    """The comment says what changed in the data and in the scores."""
    done = script("difference", checkout, "HEAD", GITHUB_STEP_SUMMARY=str(checkout / "summary"))
    text = (checkout / "dist/difference.md").read_text(encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")
    assert "added: one-half-too-much" in text
    assert "lora.score" in text
    assert text == (checkout / "summary").read_text(encoding="utf-8") == done.stdout
    assert (checkout / ".venv/bin/python.log").read_text(
        encoding="utf-8"
    ) == "-m three_tutors.authoring.difference HEAD --format markdown\n"


def test_no_changed_metric_is_said_in_words(checkout: Path) -> None:
    """An empty table becomes a sentence."""
    fake(checkout / ".venv/bin", "dvc", "printf '| Metric | a | b |\\n|---|---|---|\\n'")
    assert "No metric changed." in script("difference", checkout, "HEAD").stdout


def test_a_failing_dvc_fails_the_difference(checkout: Path) -> None:
    """A broken comparison is no empty comparison."""
    fake(checkout / ".venv/bin", "dvc", "exit 3")
    assert script("difference", checkout, "HEAD").returncode == 3


def test_an_unknown_base_is_explained(checkout: Path) -> None:
    """A shallow clone lacks the base commit; the script says what to set."""
    done = script("difference", checkout, "0" * 40)
    assert (done.returncode, "fetch-depth: 0" in done.stderr) == (1, True)


@pytest.mark.parametrize(("status", "expected"), [(0, 0), (1, 1)])
def test_reproduce_ends_with_a_pipeline_that_is_up_to_date(checkout: Path, status: int, expected: int) -> None:
    """The script runs make and fails where DVC says that something is stale."""
    commands = checkout / ".venv/bin"
    fake(commands, "make", "")
    fake(commands, "dvc", f"exit {status} # ")
    done = script("reproduce", checkout, PATH=f"{commands}:{os.environ['PATH']}")
    assert (commands / "make.log").read_text(encoding="utf-8") == "install\nrepro\n"
    assert done.returncode == expected


# A `gh` that knows of the comment 42 where the file `earlier` is there, and keeps the body that it is given.
GH = """
case "$*" in *--jq*) if [ -f "{0}/earlier" ]; then echo 42; fi; exit ;; esac
for word in "$@"; do case "$word" in body=@*) cp "${{word#body=@}}" "{0}/body" ;; esac; done
"""


@pytest.mark.parametrize(
    ("earlier", "request_line"),
    [(False, "api --method POST repos/a/b/issues/7/comments"), (True, "api --method PATCH repos/a/b/issues/comments/42")],
)
def test_a_pull_request_gets_one_comment_that_is_replaced(tmp_path: Path, earlier: bool, request_line: str) -> None:
    """On GitHub the text goes to `gh` as a file, replaces the comment of the run before, and is never expanded by the shell."""
    text = tmp_path / "difference.md"
    text.write_text("$(touch pwned) `touch pwned` | cell\n", encoding="utf-8")
    if earlier:
        (tmp_path / "earlier").touch()
    fake(tmp_path, "gh", GH.format(tmp_path))
    done = script("comment", tmp_path, str(text), PULL_REQUEST="7", GITHUB_REPOSITORY="a/b", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert (done.returncode, done.stderr) == (0, "")
    assert request_line in (tmp_path / "gh.log").read_text(encoding="utf-8")
    assert (tmp_path / "body").read_text(encoding="utf-8") == f"<!-- three-tutors: difference -->\n{text.read_text(encoding='utf-8')}"
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("earlier", "request_line"), [([], "--request POST"), ([{"id": 42, "body": "<!-- three-tutors: difference -->\nold"}], "--request PUT")]
)
def test_a_merge_request_gets_one_note_that_is_replaced(tmp_path: Path, earlier: list[dict[str, Any]], request_line: str) -> None:
    """On GitLab the note of the run before is replaced, or a first one made; the token is not among the arguments."""
    (tmp_path / "difference.md").write_text("text", encoding="utf-8")
    (tmp_path / "notes.json").write_text(json.dumps([{"id": 1, "body": "hello"}, *earlier]), encoding="utf-8")
    fake(tmp_path, "curl", f'cat "{tmp_path}/notes.json"')
    gitlab = {
        "CI_API_V4_URL": "http://127.0.0.1:9/api/v4",
        "CI_PROJECT_ID": "5",
        "CI_MERGE_REQUEST_IID": "3",
        "REPORT_TOKEN": "secret-token",
    }
    done = script("comment", tmp_path, "difference.md", PATH=f"{tmp_path}:{os.environ['PATH']}", **gitlab)
    log = (tmp_path / "curl.log").read_text(encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")
    assert request_line in log
    assert ("/notes/42" in log) == bool(earlier)
    assert "secret-token" not in log


def test_a_long_difference_is_cut_and_says_so(tmp_path: Path) -> None:
    """GitHub refuses long comments, so a long text ends with where the rest is."""
    (tmp_path / "difference.md").write_text("x" * 70_000, encoding="utf-8")
    fake(tmp_path, "gh", GH.format(tmp_path))
    script("comment", tmp_path, "difference.md", PULL_REQUEST="7", GITHUB_REPOSITORY="a/b", PATH=f"{tmp_path}:{os.environ['PATH']}")
    body = (tmp_path / "body").read_text(encoding="utf-8")
    assert len(body) < 65_536
    assert body.endswith("the whole text is among the reports of this run.\n")


def test_without_a_request_nothing_is_posted(tmp_path: Path) -> None:
    """Outside of a pull or merge request the script says so and fails."""
    (tmp_path / "difference.md").write_text("text", encoding="utf-8")
    done = script("comment", tmp_path, "difference.md")
    assert (done.returncode, "no request to comment on" in done.stderr) == (1, True)


def audited(checkout: Path, answer: str) -> subprocess.CompletedProcess[str]:
    """Run the audit where pip-audit answers with `answer`."""
    fake(checkout, "make", "")
    fake(checkout / ".venv/bin", "pip-audit", f"cat <<'END'\n{answer}\nEND")
    (checkout / ".venv/bin/python").unlink()
    (checkout / ".venv/bin/python").symlink_to(sys.executable)
    return script("audit", checkout, PATH=f"{checkout}{os.pathsep}{os.environ['PATH']}")


def test_a_known_vulnerability_fails_the_audit(checkout: Path) -> None:
    """The package, the entry and the version that mends it are named."""
    row = {"name": "jinja2", "version": "3.1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["3.1.6"]}]}
    done = audited(checkout, json.dumps({"dependencies": [row]}))
    assert done.returncode == 1
    assert "jinja2 3.1.0: CVE-1, fixed in 3.1.6" in done.stdout


def test_no_vulnerability_is_said_with_the_number_of_packages(checkout: Path) -> None:
    """What the database does not know counts as unchecked."""
    rows = [{"name": "jinja2", "version": "3.1.6", "vulns": []}, {"name": "ours", "version": "1", "skip_reason": "not found"}]
    done = audited(checkout, json.dumps({"dependencies": rows}))
    assert (done.returncode, done.stdout.strip()) == (0, "No known vulnerability in 1 pinned packages; 1 are not in the database.")


def test_a_database_out_of_reach_is_no_all_clear(checkout: Path) -> None:
    """Without an answer the audit says that nothing was checked, and does not fail."""
    done = audited(checkout, "")
    assert (done.returncode, done.stdout.strip()) == (
        0,
        "The database of vulnerabilities cannot be reached from here: nothing was checked.",
    )


def test_a_release_of_another_version_is_not_built(checkout: Path) -> None:
    """A tag that does not name the version of pyproject.toml stops before anything is made."""
    (checkout / "pyproject.toml").write_text('[project]\nversion = "0.2.0"\n', encoding="utf-8")
    done = script("release", checkout, "v0.1.0")
    assert (done.returncode, "The tag is v0.1.0, and pyproject.toml says 0.2.0" in done.stderr) == (1, True)


def test_a_release_holds_package_and_tutors_with_their_digests(checkout: Path) -> None:
    """The tutors are trained, packed, unpacked by their digest and asked; SHA256SUMS names every file."""
    (checkout / "pyproject.toml").write_text('[project]\nversion = "0.2.0"\n', encoding="utf-8")
    (checkout / ".ci").mkdir()
    fake(checkout / ".ci", "package", "mkdir dist; echo wheel >dist/three_tutors-0.2.0.whl")
    fake(checkout / ".ci", "first-reply", "")
    fake(checkout / ".venv/bin", "tutors", 'if [ "$1" = pack ]; then echo tutors >"$3"; fi')
    done = script("release", checkout, "v0.2.0")
    assert (done.returncode, done.stderr) == (0, "")
    lines = (checkout / "dist/SHA256SUMS").read_text(encoding="utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split() for line in lines)}
    assert sorted(sums) == ["small-tutors.zip", "three_tutors-0.2.0.whl"]
    assert (checkout / ".venv/bin/tutors.log").read_text(encoding="utf-8").splitlines() == [
        "run train_dspy train_lora",
        "pack --to dist/small-tutors.zip",
        f"unpack dist/small-tutors.zip --force --sha256 {sums['small-tutors.zip']}",
    ]
    assert (checkout / ".ci/first-reply.log").read_text(encoding="utf-8") == "baseline dspy lora\n"


@pytest.mark.parametrize(("there", "command"), [(0, "release upload v0.2.0"), (1, "release create v0.2.0")])
def test_files_are_attached_to_the_release_of_the_tag(tmp_path: Path, there: int, command: str) -> None:
    """A release that is there gets the files; otherwise one is made of the tag. Damaged files are not attached."""
    for name in ("three_tutors-0.2.0.whl", "small-tutors.zip"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    sums = subprocess.run(["sha256sum", "three_tutors-0.2.0.whl", "small-tutors.zip"], capture_output=True, check=True, cwd=tmp_path)
    (tmp_path / "SHA256SUMS").write_bytes(sums.stdout)
    fake(tmp_path, "gh", f'if [ "$2" = view ]; then exit {there}; fi')
    assert script("attach", tmp_path, "v0.2.0", ".", PATH=f"{tmp_path}:{os.environ['PATH']}").returncode == 0
    last = (tmp_path / "gh.log").read_text(encoding="utf-8").splitlines()[-1]
    assert last.startswith(f"{command} three_tutors-0.2.0.whl small-tutors.zip SHA256SUMS")
    (tmp_path / "small-tutors.zip").write_text("damaged", encoding="utf-8")
    assert script("attach", tmp_path, "v0.2.0", ".", PATH=f"{tmp_path}:{os.environ['PATH']}").returncode != 0
    assert (tmp_path / "gh.log").read_text(encoding="utf-8").count("release") == 2


@pytest.mark.parametrize(
    ("origin", "digest", "unpacked"),
    [
        ("https://github.com/a/b.git", "abc", True),
        ("git@github.com:a/b", "abc", True),
        ("https://github.com/a/b", "", False),
        ("https://example.org/a/b.git", "abc", False),
        ("", "abc", False),
    ],
)
def test_a_new_checkout_takes_the_tutors_of_the_newest_release(checkout: Path, origin: str, digest: str, unpacked: bool) -> None:
    """Without a release, or away from GitHub, the baseline replies and a sentence says so; nothing fails."""
    if origin:
        subprocess.run(["git", "remote", "add", "origin", origin], check=True, cwd=checkout)
    commands = checkout / ".venv/bin"
    fake(commands, "make", "")
    fake(commands, "curl", f'echo "{digest}  small-tutors.zip"' if digest else "exit 22")
    fake(commands, "tutors", "")
    done = script("first-tutors", checkout, PATH=f"{commands}:{os.environ['PATH']}")
    assert (done.returncode, done.stderr) == (0, "")
    asked = (commands / "tutors.log").read_text(encoding="utf-8").splitlines()
    address = "https://github.com/a/b/releases/latest/download/small-tutors.zip"
    assert asked == ["run prepare_base", *[f"unpack {address} --sha256 {digest}"] * unpacked]
    assert ("The untrained baseline replies meanwhile" in done.stdout) != unpacked


@pytest.mark.parametrize(
    ("said", "status"),
    [("student> baseline: Why?\n  [1.2 s]", 0), ("student> baseline: \n  [No reply. It is missing.]", 1), ("student> ", 1)],
)
def test_a_first_reply_is_a_reply(checkout: Path, said: str, status: int) -> None:
    """A tutor that is missing or silent fails the script."""
    fake(checkout / ".venv/bin", "tutors", f"cat >/dev/null; echo '{said}'")
    assert script("first-reply", checkout).returncode == status


def test_without_docker_the_container_is_not_said_to_work(tmp_path: Path) -> None:
    """A machine without Docker gets a sentence and a failure."""
    fake(tmp_path, "docker", "exit 1")
    done = script("container", tmp_path, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert (done.returncode, "Docker does not answer here" in done.stderr) == (1, True)
