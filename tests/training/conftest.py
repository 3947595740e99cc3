"""One language model for the whole session, really trained, in a few seconds."""

from pathlib import Path

import pytest

from tests.training.tiny import finish, make_run

COLOURS = ["red", "green", "blue", "black", "white", "pink"]


def talk(question: str, answer: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def language() -> list[dict[str, object]]:
    """48 questions with one right answer each, every tenth held out."""
    rows = [
        {"messages": talk(f"{verb} {colour}", f"{colour} it is.")}
        for verb in ("say", "paint", "show", "name", "write", "sing", "find", "give")
        for colour in COLOURS
    ]
    return [{**row, "split": "eval" if i % 10 == 9 else "train"} for i, row in enumerate(rows)]


SMALL = {
    "vocabulary_size": 300,
    "hidden_size": 48,
    "layers": 2,
    "heads": 2,
    "context_length": 64,
    "max_length": 48,
    "batch_size": 16,
    "micro_batch_size": 16,
}


@pytest.fixture(scope="session")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run directory of a small model that has learned to repeat a colour."""
    run_dir = make_run(
        tmp_path_factory.mktemp("pretrained") / "run",
        "pretrain",
        language(),
        kind="text",
        settings={**SMALL, "steps": 120, "log_every": 5, "learning_rate": 0.01},
    )
    finish(run_dir)
    return run_dir


@pytest.fixture(scope="session")
def policy(pretrained: Path) -> Path:
    """The plain Hugging Face folder of that model."""
    return pretrained / "final"
