from __future__ import annotations

from three_tutors.pipeline.diagnostics import explained


def test_a_missing_file_without_a_name_is_told_in_its_librarys_words() -> None:
    """Some libraries raise the error with a sentence alone; "None is missing" would help nobody."""

    def main() -> None:
        raise FileNotFoundError("No such file or directory: model.safetensors")

    assert explained(main) == "error: No such file or directory: model.safetensors"
