import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM
from trl.trainer.utils import entropy_from_logits, selective_log_softmax

from training import logprobs
from training.logprobs import token_logps, token_logps_and_entropy

IDS = torch.tensor([[3, 1, 4, 1, 5, 9], [2, 6, 5, 3, 0, 0]])
REAL = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]])
MASK = torch.tensor([[0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 0, 0]])


@pytest.fixture
def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=11,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        initializer_range=0.5,
    )
    return LlamaForCausalLM(config).double().eval()


def full_logits(model: LlamaForCausalLM) -> torch.Tensor:
    return model(input_ids=IDS, attention_mask=REAL).logits[:, :-1]


@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_equals_trl_on_the_full_logits(model: LlamaForCausalLM, temperature: float):
    logp, entropy = token_logps_and_entropy(model, IDS, MASK, temperature=temperature)

    logits = full_logits(model)
    expected = selective_log_softmax(logits, IDS[:, 1:], temperature=temperature)
    torch.testing.assert_close(logp[:, 1:], expected * MASK[:, 1:])
    expected_entropy = entropy_from_logits(logits / temperature)
    torch.testing.assert_close(entropy[:, 1:], expected_entropy * MASK[:, 1:])
    torch.testing.assert_close(token_logps(model, IDS, MASK, temperature=temperature), logp)


def test_probabilities_of_every_continuation_sum_to_one(model: LlamaForCausalLM):
    vocabulary = torch.arange(11)
    ids = torch.stack([torch.full_like(vocabulary, 7), vocabulary], dim=1)
    mask = torch.tensor([[0, 1]]).expand(11, 2)

    logp = token_logps(model, ids, mask)

    assert logp[:, 1].exp().sum().item() == pytest.approx(1)


def test_slices_change_neither_value_nor_gradient(
    model: LlamaForCausalLM, monkeypatch: pytest.MonkeyPatch
):
    whole = token_logps(model, IDS, MASK)
    whole.sum().backward()
    gradient = model.lm_head.weight.grad.clone()
    model.zero_grad()

    monkeypatch.setattr(logprobs, "LOGITS_AT_ONCE", 2 * 11)  # five counted tokens, two at once
    sliced = token_logps(model, IDS, MASK)
    sliced.sum().backward()

    torch.testing.assert_close(sliced, whole)
    torch.testing.assert_close(model.lm_head.weight.grad, gradient)


def test_padding_does_not_change_a_row(model: LlamaForCausalLM):
    alone = token_logps(model, IDS[1:, :4], MASK[1:, :4])
    padded = token_logps(model, IDS, MASK)

    torch.testing.assert_close(padded[1:, :4], alone)


def test_refuses_to_count_a_token_without_prefix(model: LlamaForCausalLM):
    with pytest.raises(AssertionError, match="prefix"):
        token_logps(model, IDS, torch.ones_like(MASK))
