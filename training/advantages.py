"""From one score per response to an advantage per token: KL penalty, GAE, whitening."""

# B sequences, T tokens; masks are 1 on response tokens, which are contiguous in each row

import torch
from torch import Tensor

from training.losses import masked_mean


def token_rewards(
    score_B: Tensor,
    logp_BT: Tensor,
    reference_logp_BT: Tensor,
    mask_BT: Tensor,
    *,
    kl_coefficient: float,
) -> Tensor:
    """reward_BT: the score at the last token, -kl_coefficient * (logp - reference) at every token.

    Ziegler et al. 2019, eq. 2, spread over the tokens. A row without response gets no score.
    """
    penalty_BT = -kl_coefficient * (logp_BT - reference_logp_BT) * mask_BT
    return penalty_BT + score_B[:, None] * last_tokens(mask_BT)


def last_tokens(mask_BT: Tensor) -> Tensor:
    """1 at each row's last counted token, 0 elsewhere."""
    counted_after_BT = mask_BT.flip(-1).cumsum(-1).flip(-1)
    return mask_BT * (counted_after_BT == 1)


def generalized_advantages(
    reward_BT: Tensor, value_BT: Tensor, mask_BT: Tensor, *, gamma: float, lam: float
) -> tuple[Tensor, Tensor]:
    """advantage_BT and return_BT = advantage + value (Schulman et al. 2016, eqs. 11 and 16).

    `value_BT[b, t]` is the value of the prefix before token t. A response ends its episode: the
    value after its last token is 0. Both are 0 where the mask is 0.
    """
    advantage_BT = torch.zeros_like(reward_BT)
    following_B = next_value_B = torch.zeros_like(reward_BT[:, 0])
    for t in reversed(range(reward_BT.shape[1])):
        counts_B = mask_BT[:, t]
        delta_B = reward_BT[:, t] + gamma * next_value_B - value_BT[:, t]
        following_B = counts_B * (delta_B + gamma * lam * following_B)
        next_value_B = counts_B * value_BT[:, t]
        advantage_BT[:, t] = following_B
    return advantage_BT, (advantage_BT + value_BT) * mask_BT


def whitened(value_BT: Tensor, mask_BT: Tensor) -> Tensor:
    """The counted tokens of the whole batch brought to mean 0 and variance 1; 0 elsewhere."""
    mean = masked_mean(value_BT, mask_BT)
    variance = masked_mean((value_BT - mean) ** 2, mask_BT)
    return (value_BT - mean) * (variance + 1e-8).rsqrt() * mask_BT


def adapted_kl_coefficient(
    coefficient: float, kl: float, *, target: float, horizon: float
) -> float:
    """The coefficient after a batch whose KL per response was `kl` (Ziegler et al. 2019, sec. 2.2).

    It moves by at most 20 % / `horizon`, `horizon` being the number of batches it takes to react.
    """
    error = max(-0.2, min(0.2, kl / target - 1))
    return coefficient * (1 + error / horizon)
