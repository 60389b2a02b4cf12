"""Run the command `tutors`; in a checkout also `python -m three_tutors.command`."""

from __future__ import annotations


def main() -> None:
    """Run the command line and end the process with its status."""
    from three_tutors.pipeline.starting import start  # noqa: PLC0415 - it takes the signals over before anything else is imported

    start("three_tutors.command.app")


if __name__ == "__main__":
    main()
