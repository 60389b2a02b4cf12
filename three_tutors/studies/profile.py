"""A profile: settings of params.yaml for one kind of machine or service, applied by `dvc exp run -S`.

python -m three_tutors.studies.profile NAME [--dry]    `make repro PROFILE=NAME` calls it

profiles/NAME.yaml says at its top whom it is for, how long it takes and what to expect. DVC writes the settings into params.yaml, where
they stay; `git checkout params.yaml` takes them back.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.studies.profile")

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from three_tutors.pipeline.diagnostics import ParamsError, TutorError
from three_tutors.pipeline.params import PARAMS_FILE
from three_tutors.studies.experiments import override

FOLDER = Path("profiles")


def settings(path: Path, params: Path = PARAMS_FILE) -> dict[str, Any]:
    """Return the settings of a profile as `section.key` → value.

    Raises:
        ParamsError: there is no such profile, or it sets what params.yaml does not have.

    """
    if not path.exists():
        known = sorted(one.stem for one in path.parent.glob("*.yaml"))
        raise ParamsError(f"There is no profile {path.stem!r}; {path.parent}/ has {', '.join(known) or 'none'}.")
    known_sections: Mapping[str, Any] = YAML(typ="safe").load(params)
    found = {f"{section}.{key}": value for section, keys in YAML(typ="safe").load(path).items() for key, value in keys.items()}
    unknown = [name for name in found if name.partition(".")[2] not in known_sections.get(name.partition(".")[0], {})]
    if unknown:
        raise ParamsError(f"{path}: params.yaml has no {', '.join(unknown)}; mend the profile.")
    return found


def main() -> None:
    """Say what the profile is, and run the pipeline with it."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.studies.profile", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", help="a file of profiles/, without its ending")
    parser.add_argument("--dry", action="store_true", help="print what the profile is and sets, and run nothing")
    given = parser.parse_args()
    path = FOLDER / f"{given.name}.yaml"
    changed = [f"++{name}={override(value)}" for name, value in settings(path).items()]
    print(*(line.removeprefix("#").strip() for line in path.read_text(encoding="utf-8").split("\n") if line.startswith("#")), sep="\n")
    print(*(f"  {one}" for one in changed), sep="\n", flush=True)
    if not given.dry:
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
        command = [sys.executable, "-m", "dvc", "exp", "run", *(part for one in changed for part in ("-S", one))]
        if subprocess.run(command, env=environment, check=False).returncode:  # noqa: S603 - our own words
            raise TutorError(f"The pipeline stopped; `make repro PROFILE={given.name}` goes on from there.")
