"""A scalar head read at chosen tokens: the score of a whole response, the value of each prefix."""

# B sequences, T tokens, D hidden size; padded on the right, where causal attention is blind

from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from training.advantages import last_tokens
from training.contract.errors import SpecError


def response_scores(model: PreTrainedModel, ids_BT: Tensor, real_BT: Tensor) -> Tensor:
    """score_B: the reward model's head at each sequence's last token, minus its training mean.

    Read at the last real token: transformers looks for the last token that is
    not the pad token, and so passes over the end of sequence where that also serves for padding.
    """
    hidden_BTD = _hidden(model, ids_BT)
    last_BT = last_tokens(real_BT).bool()
    score_B: Tensor = scalar_head(model)(hidden_BTD[last_BT]).squeeze(-1)
    return score_B.float() - reward_mean(model)


def prefix_values(model: PreTrainedModel, ids_BT: Tensor, mask_BT: Tensor) -> Tensor:
    """value_BT[b, t]: the head's value of ids[b, :t], before token t; 0 where `mask_BT` is 0."""
    hidden_BTD = _hidden(model, ids_BT)
    value_BT: Tensor = scalar_head(model)(hidden_BTD[:, :-1]).squeeze(-1).float()
    return nn.functional.pad(value_BT, (1, 0)) * mask_BT


def calibrate(model: PreTrainedModel, score_N: Tensor) -> None:
    """Make `score_N`, the scores of many responses, come out with mean 0 and deviation 1.

    The scale goes into the head's weights; the mean, for which the head has no bias, into the
    config as `reward_mean`, where `response_scores` finds it.
    """
    deviation = float(score_N.std(unbiased=False).clamp(min=1e-6))
    mean = float(score_N.mean()) + reward_mean(model)
    with torch.no_grad():
        for parameter in scalar_head(model).parameters():
            parameter /= deviation
    model.config.reward_mean = mean / deviation


def reward_mean(model: PreTrainedModel) -> float:
    return float(getattr(model.config, "reward_mean", 0.0))


def scalar_head(model: PreTrainedModel) -> Any:
    """The linear layer from hidden state to scalar that transformers calls `score`."""
    head = getattr(model, "score", None)
    if not isinstance(head, nn.Linear) or head.out_features != 1:
        raise SpecError(f"{type(model).__name__} has no scalar head named score")
    return head


def _hidden(model: PreTrainedModel, ids_BT: Tensor) -> Tensor:
    hidden_BTD: Tensor = model.base_model(
        input_ids=ids_BT, attention_mask=None, use_cache=False
    ).last_hidden_state
    return hidden_BTD
