"""`manage.py ratings` as it is run: a process of its own, files in and out."""

import csv
import json
import struct
import subprocess
import sys
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from annotation.aggregation import bradley_terry
from tests.aggregation import baseball

ROOT = Path(__file__).parents[2]


def ratings(*arguments: str | Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "ratings", *map(str, arguments)],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def games(tmp_path: Path) -> Path:
    path = tmp_path / "games.csv"
    first, second, score = baseball.games()
    rows = (
        f"{baseball.TEAMS[i]},{baseball.TEAMS[j]},{s:g}"
        for i, j, s in zip(first, second, score, strict=True)
    )
    path.write_text("first,second,score\n" + "\n".join(rows))
    return path


def test_prints_and_writes_the_ladder(games, tmp_path):
    out = {kind: tmp_path / f"out.{kind}" for kind in ("csv", "json", "png")}

    run = ratings(
        games, "--csv", out["csv"], "--json", out["json"], "--png", out["png"], "--order-effect"
    )

    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[1].split()[1] == "Milwaukee"
    assert lines[7].split()[1] == "Baltimore"
    assert "Being shown first is worth +52.5 Elo" in run.stdout  # 0.3023 nats
    assert "pairs not settled yet" in run.stdout
    first, second, score = baseball.games()
    expected = bradley_terry.fit(
        first, second, score, n_items=7, covariates=np.ones((len(first), 1))
    )
    with out["csv"].open() as table:
        rows = {row["name"]: row for row in csv.DictReader(table)}
    assert float(rows["Milwaukee"]["elo"]) == pytest.approx(expected.elo[0])
    assert float(rows["Milwaukee"]["low"]) == pytest.approx(expected.interval()[0][0])
    content = json.loads(out["json"].read_text())
    assert content["models"] == list(baseball.TEAMS)
    np.testing.assert_allclose(content["win_probability"], expected.win_probability())
    picture = out["png"].read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", picture[16:24])
    assert width > 500 < height * 3


def test_infinite_ratings_survive_every_format(tmp_path):
    votes = "first,second,winner\nx,y,x\ny,x,y\nboss,x,boss\nboss,y,boss\nlost,new,lost\n"
    out = {kind: tmp_path / f"out.{kind}" for kind in ("csv", "json", "png")}

    run = ratings("-", "--csv", out["csv"], "--json", out["json"], "--png", out["png"], stdin=votes)

    assert run.returncode == 0, run.stderr
    assert "won every vote: no upper bound" in run.stdout
    assert "cannot be compared" in run.stdout or "no lower bound" in run.stdout
    assert "not guessed" in run.stdout
    content = json.loads(out["json"].read_text())
    boss = next(row for row in content["ratings"] if row["name"] == "boss")
    assert boss["elo"] is None
    assert boss["high"] is None
    assert boss["low"] is not None
    with out["csv"].open() as table:
        assert next(row["elo"] for row in csv.DictReader(table) if row["name"] == "boss") == "inf"
    assert out["png"].stat().st_size > 5000


@pytest.mark.parametrize(
    ("votes", "options", "sentence"),
    [
        ("first,second,score\nx,y,3\n", [], "line 2: expected a score of 1, 0.5 or 0, got '3'"),
        ("first,second,score\nx,y,1\n", ["--errors-by", "annotator"], "need a column 'annotator'"),
        ("first,second,winner\nx,y,tie\n", ["--ties", "davidson"], "decided vote"),
        ("first,second,score\nx,y,1\n", ["--level", "95"], "--level between 0 and 1"),
        ("first,second,score\nx,y,1\n", ["--prior", "-1"], "finite prior >= 0"),
        ("first,second,score\nx,y,1\n", ["--csv", "/nowhere/x.csv"], "cannot write /nowhere"),
    ],
)
def test_says_in_a_sentence_what_is_wrong(tmp_path, votes, options, sentence):
    path = tmp_path / "votes.csv"
    path.write_text(votes)

    with pytest.raises(CommandError) as refusal:
        call_command("ratings", str(path), *options, stdout=StringIO())

    assert sentence in str(refusal.value)


def test_a_missing_or_binary_file_is_a_sentence_too(tmp_path):
    noise = tmp_path / "noise.csv"
    noise.write_bytes(b"first,second,score\n\xff\xfe,y,1\n")

    with pytest.raises(CommandError, match=r"cannot read nowhere.csv: No such file"):
        call_command("ratings", "nowhere.csv")
    run = ratings(noise)
    assert run.returncode == 1
    assert "not readable as UTF-8 CSV" in run.stderr
    assert "Traceback" not in run.stderr
