from pathlib import Path

import pytest
import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    LlamaConfig,
    LlamaForCausalLM,
    LlamaForSequenceClassification,
)

from training.contract.errors import SpecError
from training.scoring import calibrate, prefix_values, response_scores

END = PAD = 0
IDS = torch.tensor([[3, 1, 4, END, PAD], [2, 6, 5, 3, END]])
REAL = torch.tensor([[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]])


@pytest.fixture
def model() -> LlamaForSequenceClassification:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=11,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_labels=1,
        pad_token_id=PAD,
        initializer_range=0.3,
    )
    return LlamaForSequenceClassification(config).eval()


@torch.no_grad()
def test_score_is_read_at_the_end_even_where_padding_looks_the_same(model):
    score = response_scores(model, IDS, REAL)

    model.config.pad_token_id = 10  # now transformers finds the end token too
    expected = model(input_ids=IDS.masked_fill(REAL == 0, 10), attention_mask=REAL)
    torch.testing.assert_close(score, expected.logits.squeeze(-1))


@torch.no_grad()
def test_calibrated_scores_have_mean_zero_and_deviation_one_also_when_loaded_again(
    model, tmp_path: Path
):
    before = response_scores(model, IDS, REAL)

    calibrate(model, before)
    calibrate(model, response_scores(model, IDS, REAL))  # once more changes nothing
    model.save_pretrained(tmp_path)
    loaded = AutoModelForSequenceClassification.from_pretrained(tmp_path)
    after = response_scores(loaded, IDS, REAL)

    assert after.mean().item() == pytest.approx(0, abs=1e-5)
    assert after.std(unbiased=False).item() == pytest.approx(1, abs=1e-5)
    assert (after[0] > after[1]) == (before[0] > before[1])


@torch.no_grad()
def test_value_of_a_prefix_does_not_see_the_token_after_it(model, tmp_path: Path):
    model.save_pretrained(tmp_path)
    critic = AutoModelForTokenClassification.from_pretrained(tmp_path, num_labels=1)
    mask = torch.tensor([[0, 1, 1, 1, 0], [0, 0, 1, 1, 1]])

    value = prefix_values(critic, IDS, mask)
    changed = IDS.clone()
    changed[1, 3] = 9
    other = prefix_values(critic, changed, mask)

    assert (value[mask == 0] == 0).all()
    torch.testing.assert_close(other[1, :4], value[1, :4])
    assert not torch.isclose(other[1, 4], value[1, 4])
    whole = critic(input_ids=IDS, attention_mask=REAL).logits.squeeze(-1)
    torch.testing.assert_close(value[1, 2:], whole[1, 1:4])


def test_refuses_a_model_without_scalar_head(model):
    policy = LlamaForCausalLM(model.config)

    with pytest.raises(SpecError, match="no scalar head"):
        response_scores(policy, IDS, REAL)
