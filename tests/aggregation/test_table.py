import numpy as np
import pytest

from annotation.aggregation.table import InvalidTable, read_votes

HEADER = "first,second,score\n"


def read(text: str):
    return read_votes(text.splitlines(keepends=True))


def test_reads_scores_and_winners_alike():
    scores = read("first,second,score\nx,y,1\ny,z,0.5\nx,z,0\n")
    winners = read("first,second,winner\nx,y,x\ny,z,tie\nx,z,second\n")

    assert scores.names == winners.names == ("x", "y", "z")
    assert scores.first.tolist() == winners.first.tolist() == [0, 1, 0]
    assert scores.second.tolist() == winners.second.tolist() == [1, 2, 2]
    assert scores.score.tolist() == winners.score.tolist() == [1, 0.5, 0]
    assert scores.annotator is scores.prompt is scores.weight is None


def test_reads_optional_columns_in_any_order_and_ignores_others():
    table = read(
        "\ufeffcomment, Weight ,annotator,second,first,winner,prompt\r\n"
        '"a, b",2,ann,y,x,First,p1\r\n\r\n,0.5,bob,x,"y ""z""",DRAW,p1\r\n'
    )

    assert table.names == ("x", "y", 'y "z"')
    assert table.weight is not None
    assert table.annotator is not None
    assert table.prompt is not None
    assert table.weight.tolist() == [2, 0.5]
    assert table.annotator.tolist() == [0, 1]
    assert table.prompt.tolist() == [0, 0]
    np.testing.assert_array_equal(table.score, [1, 0.5])


def test_a_model_may_be_called_tie():
    table = read("first,second,winner\ntie,y,tie\n")

    assert table.score.tolist() == [1]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1: expected a header"),
        ("a,b,c\n", "line 1: expected column first and second and score (or winner)"),
        ("first,second\n", "line 1: expected column score (or winner), got first, second"),
        ("first,second,score,winner\n", "line 1: expected score or winner, got both"),
        ("first,first,second,score\n", "line 1: column 'first' appears twice"),
        (HEADER, "line 2: expected a vote, got the end"),
        (HEADER + "x,y,1\nx,x,1\n", "line 3: 'x' is compared with itself"),
        (HEADER + "x,y\n", "line 2: expected 3 columns as in the header, got 2"),
        (HEADER + "x,,1\n", "line 2: column 'second' is empty"),
        (HEADER + "x,y,0.7\n", "line 2: expected a score of 1, 0.5 or 0, got '0.7'"),
        (HEADER + "x,y,nan\n", "got 'nan'"),
        (HEADER + "x,y,won\n", "got 'won'"),
        (HEADER + '"x\n1",y,1\nx,y,2\n', "line 4: expected a score"),
        (HEADER + 'x,"y,1\n', "not readable as UTF-8 CSV"),
        ("first,second,winner\nx,y,z\n", "expected the winner to be 'x', 'y', first, second"),
        ("first,second,score,weight\nx,y,1,-2\n", "line 2: expected a weight of at least 0"),
        ("first,second,score,weight\nx,y,1,inf\n", "got 'inf'"),
        ("first,second,score,annotator\nx,y,1,\n", "line 2: column 'annotator' is empty"),
    ],
)
def test_names_the_line_that_is_wrong(text, sentence):
    with pytest.raises(InvalidTable) as refusal:
        read(text)

    assert sentence in str(refusal.value)
