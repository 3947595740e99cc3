"""Losses as pure functions, each with its paper and equation; the methods add nothing to them.

Log-probabilities are natural logs. Masks are 1 where a token counts.
"""

# B sequences, T tokens, P pairs

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

DPOLoss = Literal["sigmoid", "ipo", "hinge"]


def masked_mean(value_BT: Tensor, mask_BT: Tensor) -> Tensor:
    """Mean over the counted tokens of the whole batch; 0 when none counts."""
    return (value_BT * mask_BT).sum() / mask_BT.sum().clamp(min=1)


def mean_logps(logp_BT: Tensor, mask_BT: Tensor) -> Tensor:
    """logp_B: each sequence's mean log-probability per counted token; 0 for one without any."""
    return (logp_BT * mask_BT).sum(-1) / mask_BT.sum(-1).clamp(min=1)


def reward_loss(chosen_P: Tensor, rejected_P: Tensor, *, margin_P: Tensor | None = None) -> Tensor:
    """Bradley-Terry negative log-likelihood of each pair, loss_P (Ouyang et al. 2022, eq. 1).

    `margin_P` asks the chosen response to lead by so many nats (Touvron et al. 2023, eq. 2).
    A tie is two pairs, one each way, at half the weight: the soft label 0.5.
    """
    lead_P = chosen_P - rejected_P
    return -functional.logsigmoid(lead_P if margin_P is None else lead_P - margin_P)


def centering_loss(chosen_P: Tensor, rejected_P: Tensor) -> Tensor:
    """Keeps rewards near zero, which pairs alone leave open (Eisenstein et al. 2023, eq. 2)."""
    return (chosen_P + rejected_P) ** 2


def dpo_loss(
    chosen_logp_P: Tensor,
    rejected_logp_P: Tensor,
    chosen_reference_P: Tensor,
    rejected_reference_P: Tensor,
    *,
    beta: float,
    kind: DPOLoss = "sigmoid",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Direct preference optimisation, loss_P of each pair.

    Log-probabilities are sums over the response, for ipo means per token.
    sigmoid: Rafailov et al. 2023, eq. 7. hinge: SLiC (Zhao et al. 2023) on the same logits.
    ipo: Azar et al. 2024, eq. 17, with beta for their tau; per token, as its authors use it.
    `label_smoothing` e takes (1 - e) of the loss and e of that of the pair turned round, for
    labels that are wrong with probability e (conservative DPO, Mitchell 2023).
    """
    lead_P = (chosen_logp_P - chosen_reference_P) - (rejected_logp_P - rejected_reference_P)
    match kind:
        case "sigmoid":
            right_P, wrong_P = (
                -functional.logsigmoid(beta * lead_P),
                -functional.logsigmoid(-beta * lead_P),
            )
        case "hinge":
            right_P, wrong_P = torch.relu(1 - beta * lead_P), torch.relu(1 + beta * lead_P)
        case "ipo":
            target = 1 / (2 * beta)
            right_P, wrong_P = (lead_P - target) ** 2, (-lead_P - target) ** 2
    return (1 - label_smoothing) * right_P + label_smoothing * wrong_P


def rrhf_ranking_loss(chosen_logp_P: Tensor, rejected_logp_P: Tensor) -> Tensor:
    """RRHF's hinge, loss_P of each pair of one prompt's responses (Yuan et al. 2023, eq. 2).

    Log-probabilities are means per token (eq. 1).
    """
    return torch.relu(rejected_logp_P - chosen_logp_P)


def clipped_policy_loss(
    logp_BT: Tensor, old_logp_BT: Tensor, advantage_BT: Tensor, mask_BT: Tensor, *, clip: float
) -> Tensor:
    """PPO's clipped surrogate (Schulman et al. 2017, eq. 7), to be minimised.

    Mean over the response tokens of the whole batch, so long responses weigh more.
    `clip` is the half-width of the trust region, usually 0.1 to 0.3.
    """
    ratio_BT = (logp_BT - old_logp_BT).exp()
    clipped_BT = ratio_BT.clamp(1 - clip, 1 + clip)
    return -masked_mean(torch.minimum(ratio_BT * advantage_BT, clipped_BT * advantage_BT), mask_BT)


def clip_fraction(logp_BT: Tensor, old_logp_BT: Tensor, mask_BT: Tensor, *, clip: float) -> Tensor:
    """Share of response tokens whose probability ratio left the trust region."""
    ratio_BT = (logp_BT - old_logp_BT).exp()
    return masked_mean(((ratio_BT - 1).abs() > clip).to(ratio_BT.dtype), mask_BT)


def clipped_value_loss(
    value_BT: Tensor, old_value_BT: Tensor, return_BT: Tensor, mask_BT: Tensor, *, clip: float
) -> Tensor:
    """Half the squared error, the worse of the value and the value held near the old one.

    The value clipping of OpenAI's baselines; mean over the response tokens of the whole batch.
    """
    held_BT = old_value_BT + (value_BT - old_value_BT).clamp(-clip, clip)
    error_BT = torch.maximum((value_BT - return_BT) ** 2, (held_BT - return_BT) ** 2)
    return masked_mean(error_BT, mask_BT) / 2


def kl_estimate(logp_BT: Tensor, other_logp_BT: Tensor) -> Tensor:
    """KL(policy || other) at each sampled token, by Schulman's k3: unbiased, never negative."""
    lead_BT = other_logp_BT - logp_BT
    return lead_BT.expm1() - lead_BT
