"""`python -m training run RUN_DIR | validate RUN_DIR | describe METHOD`."""

import argparse
import json
import sys
from pathlib import Path

from training import runner
from training.contract.spec import METHODS, SpecError, describe_settings, read_spec


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="do the job in a run directory")
    run.add_argument("run_dir", type=Path)
    validate = commands.add_parser("validate", help="check a run directory's spec and dataset")
    validate.add_argument("run_dir", type=Path)
    describe = commands.add_parser("describe", help="list a method's settings as JSON")
    describe.add_argument("method", choices=sorted(METHODS))
    arguments = parser.parse_args()
    if arguments.command == "run":
        return runner.run_directory(arguments.run_dir.resolve())
    if arguments.command == "describe":
        print(json.dumps(describe_settings(arguments.method), indent=1))  # noqa: T201
        return 0
    try:
        runner.check_inputs(arguments.run_dir.resolve(), read_spec(arguments.run_dir))
    except SpecError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return runner.BAD_SPEC
    return 0


if __name__ == "__main__":
    sys.exit(main())
