from __future__ import annotations

import os
from pathlib import Path

import pytest

from three_tutors.checking import files
from three_tutors.checking.files import contents, decode, find, lines, whole
from three_tutors.checking.yaml_source import SourceError
from three_tutors.scale.blocks import Block


def names(folder: Path) -> list[str]:
    """Return the names of the data files in `folder`."""
    return [file.path.name for file in find([folder])[0]]


def refusals(folder: Path) -> dict[str, str]:
    """Return code and sentence by name for what is no data file."""
    return {Path(finding.source.file).name: f"{finding.code} {finding.message}" for finding in find([folder])[1]}


def test_data_files_are_found_sorted(tmp_path: Path) -> None:
    """YAML and JSON Lines files come in order of their paths, other files are nobody's business."""
    for name in ("b/z.yaml", "b/a.yaml", "a.jsonl", "README.md", "b/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert names(tmp_path) == ["a.jsonl", "a.yaml", "z.yaml"]


def test_only_the_three_folders_of_a_data_folder_are_read(tmp_path: Path) -> None:
    """Beside `dialogues`, `scenarios` and `moments` lie schemas, prices and the templates, which are something else."""
    beside = ("prices.yaml", "template.yaml", "template-moment.yaml", "dialogue.schema.json")
    for name in ("dialogues/a.yaml", "scenarios/b.yaml", "moments/c.yaml", *beside):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found, findings = find([tmp_path])
    assert [(file.path.name, file.holds) for file in found] == [
        ("a.yaml", "dialogues"),
        ("c.yaml", "moments"),
        ("b.yaml", "scenarios"),
    ]
    assert findings == []


def test_what_cannot_be_a_data_file_is_refused(tmp_path: Path) -> None:
    """Folders named like files, pipes, links out of the tree or in a circle, and other endings are each named."""
    inside = tmp_path / "data"
    inside.mkdir()
    (inside / "folder.yaml").mkdir()
    os.mkfifo(inside / "pipe.yaml")
    (tmp_path / "secret.yaml").touch()
    (inside / "out.yaml").symlink_to(tmp_path / "secret.yaml")
    (inside / "elsewhere").symlink_to(tmp_path)
    (inside / "loop.yaml").symlink_to("loop.yaml")
    (inside / "gone.yaml").symlink_to("nowhere")
    (inside / "a.yml").touch()
    (inside / "B.YAML").touch()
    assert refusals(inside) == {
        "folder.yaml": "E001 is a folder, not a file",
        "pipe.yaml": "E001 is not a regular file",
        "out.yaml": "E001 is a link that leads out of the folder",
        "elsewhere": "E001 is a link that leads out of the folder",
        "loop.yaml": "E001 cannot be read: the link leads in a circle",
        "gone.yaml": "E001 cannot be read: No such file or directory",
        "a.yml": 'E010 ends in ".yml"',
        "B.YAML": 'E010 ends in ".YAML"',
    }


def test_a_link_inside_the_tree_is_followed(tmp_path: Path) -> None:
    """A link to a file of the same tree is that file under another name."""
    (tmp_path / "a.yaml").touch()
    (tmp_path / "b.yaml").symlink_to("a.yaml")
    assert names(tmp_path) == ["a.yaml", "b.yaml"]


def test_a_folder_that_cannot_be_opened_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody could look into must not pass as clean."""
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.yaml").touch()
    scandir = os.scandir

    def refusing(folder: str) -> object:
        if str(folder).endswith("closed"):
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    assert refusals(tmp_path) == {"closed": "E001 is a folder that cannot be opened"}


def test_a_missing_path_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    """A misspelt path must not look like a data set without problems."""
    assert refusals(tmp_path / "nowhere.yaml") == {"nowhere.yaml": "E001 cannot be read: No such file or directory"}
    assert refusals(tmp_path) == {tmp_path.name: "E009 the folder holds no .yaml or .jsonl file"}


def test_a_strange_file_name_is_shown_harmlessly(tmp_path: Path) -> None:
    """A line break or a byte that is no text cannot break a report."""
    (tmp_path / "two\nlines.yaml").touch()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.yaml")).touch()
    assert [file.shown.rsplit("/", 1)[1] for file in find([tmp_path])[0]] == ["\\udcff.yaml", "two\\nlines.yaml"]


@pytest.mark.parametrize(
    ("data", "code", "message", "place"),
    [
        (b"id: caf\xe9\n", "E002", "byte 0xE9 is not UTF-8", (1, 8)),
        ("ä\nö: ".encode() + b"\xff", "E002", "byte 0xFF is not UTF-8", (2, 4)),
        (b"\xed\xa0\x80", "E002", "byte 0xED is not UTF-8", (1, 1)),
        ("id: a".encode("utf-16"), "E002", "is UTF-16, not UTF-8", (1, 1)),
        (b"\xef\xbb\xbfid: \xef\xbb\xbfa", "E003", "contains U+FEFF ZERO WIDTH NO-BREAK SPACE", (1, 5)),
        (b"id: a\ntopic: x\0y", "E003", "contains U+0000 control character", (2, 9)),
        ("a: \u202eb".encode(), "E003", "contains U+202E RIGHT-TO-LEFT OVERRIDE", (1, 4)),
        ("ab\n\u200bc".encode(), "E003", "contains U+200B ZERO WIDTH SPACE", (2, 1)),
        ("a: x\ufe0f\ufe01\ufe0e".encode(), "E003", "contains U+FE01 VARIATION SELECTOR-2", (1, 6)),
        ("a: x\U000e0154".encode(), "E003", "contains U+E0154 VARIATION SELECTOR-101", (1, 5)),
        ("a: x\u200d\u200c".encode(), "E003", "contains U+200C ZERO WIDTH NON-JOINER", (1, 6)),
        (b"a: \x1b[31m", "E003", "contains U+001B control character", (1, 4)),
        (b"x" * (files.LARGEST + 1), "E008", "longer than 256 KiB", (1, files.LARGEST + 1)),
    ],
)
def test_bytes_that_are_no_honest_text_are_refused(data: bytes, code: str, message: str, place: tuple[int, int]) -> None:
    """Encoding, control, invisible and bidirectional characters are refused with their place."""
    with pytest.raises(SourceError) as error:
        decode(data)
    assert (error.value.code, error.value.message, error.value.place) == (code, message, place)


@pytest.mark.parametrize("text", ["naïve café ¿qué? 中文 עברית 👩‍🔬 ❤️‍🔥 می‌خواهم x² √2 ½ –— “”…", "tab\there\r\nand there\n"])
def test_honest_text_of_any_language_is_read(text: str) -> None:
    """Letters, joined emoji, signs and both kinds of line ends are fine."""
    assert decode(text.encode()) == text


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path) -> None:
    """Of a file that is too long only the first 256 KiB are looked at."""
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.write(b"a: b\n")
        file.truncate(10 << 30)
    with pytest.raises(SourceError) as error:
        contents(path)
    assert (error.value.code, error.value.place) == ("E008", (2, files.LARGEST + 1 - 5))


def test_lines_are_numbered_from_where_their_block_begins(tmp_path: Path) -> None:
    """Blank lines count and are left out; what stands before the block is not read."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"before\n{}\r\n\n{1}")
    assert list(lines(Block(path, 7, path.stat().st_size))) == [(1, 0, b"{}"), (3, 5, b"{1}")]
    assert [line for _, _, line in lines(whole(path))] == [b"before", b"{}", b"{1}"]


def test_a_line_too_long_is_cut_and_the_next_ones_are_read(tmp_path: Path) -> None:
    """One endless line does not hide what comes after it, nor fill the memory."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"x" * 1_000_000 + b"\n{}\n")
    read = list(lines(whole(path)))
    assert [(number, len(line)) for number, _, line in read] == [(1, files.LARGEST + 2), (2, 2)]
