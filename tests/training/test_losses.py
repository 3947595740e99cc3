import math

import pytest
import torch

from training.losses import (
    clip_fraction,
    clipped_policy_loss,
    clipped_value_loss,
    dpo_loss,
    kl_estimate,
    masked_mean,
    mean_logps,
    reward_loss,
    rrhf_ranking_loss,
)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def tensor(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_masked_mean_is_over_all_counted_tokens_of_the_batch():
    value = torch.tensor([[1.0, 2.0, 9.0], [6.0, 9.0, 9.0]])
    mask = torch.tensor([[1, 1, 0], [1, 0, 0]])

    assert masked_mean(value, mask).item() == 3.0
    assert masked_mean(value, torch.zeros_like(mask)).item() == 0.0
    assert mean_logps(value, mask).tolist() == [1.5, 6.0]


def test_reward_loss_is_the_negative_log_likelihood_of_bradley_terry():
    loss = reward_loss(tensor(1.0, 0.0), tensor(0.0, 2.0))

    assert loss.tolist() == pytest.approx([-math.log(sigmoid(1)), -math.log(sigmoid(-2))])


def test_reward_margin_asks_the_chosen_response_to_lead_by_it():
    with_margin = reward_loss(tensor(3.0), tensor(1.0), margin_P=tensor(0.5))

    assert with_margin.item() == pytest.approx(-math.log(sigmoid(1.5)))


def test_a_tie_as_two_half_pairs_is_least_where_rewards_are_equal():
    lead = torch.linspace(-2, 2, 401, dtype=torch.float64)
    zero = torch.zeros_like(lead)

    loss = 0.5 * reward_loss(lead, zero) + 0.5 * reward_loss(zero, lead)

    assert lead[loss.argmin()].item() == pytest.approx(0, abs=1e-12)
    assert loss.min().item() == pytest.approx(math.log(2))


def test_dpo_sigmoid_equals_the_hand_calculation():
    # beta * ((-10 - -12) - (-9 - -8)) = 0.1 * (2 + 1) = 0.3
    args = tensor(-10.0), tensor(-9.0), tensor(-12.0), tensor(-8.0)

    plain = dpo_loss(*args, beta=0.1)
    smoothed = dpo_loss(*args, beta=0.1, label_smoothing=0.2)

    assert plain.item() == pytest.approx(-math.log(sigmoid(0.3)))
    assert smoothed.item() == pytest.approx(
        -0.8 * math.log(sigmoid(0.3)) - 0.2 * math.log(sigmoid(-0.3))
    )


def test_dpo_hinge_and_ipo_equal_the_hand_calculation():
    args = tensor(-1.0), tensor(-2.0), tensor(-1.5), tensor(-1.75)  # a lead of 0.75

    assert dpo_loss(*args, beta=0.4, kind="hinge").item() == pytest.approx(0.7)
    assert dpo_loss(*args, beta=0.4, kind="ipo").item() == pytest.approx((0.75 - 1.25) ** 2)


def test_dpo_gradient_raises_the_chosen_and_lowers_the_rejected():
    chosen, rejected = tensor(-5.0).requires_grad_(), tensor(-5.0).requires_grad_()

    dpo_loss(chosen, rejected, tensor(-5.0), tensor(-5.0), beta=0.1).sum().backward()

    # Rafailov et al. 2023, section 4: beta * sigmoid(wrong lead) = 0.1 * 0.5 on each side
    assert chosen.grad is not None
    assert rejected.grad is not None
    assert chosen.grad.item() == pytest.approx(-0.05)
    assert rejected.grad.item() == pytest.approx(0.05)


def test_rrhf_charges_the_gap_of_wrongly_ordered_pairs_only():
    loss = rrhf_ranking_loss(tensor(-1.0, -1.0, -0.5), tensor(-0.5, -2.0, -0.5))

    assert loss.tolist() == pytest.approx([0.5, 0.0, 0.0])


def test_policy_loss_is_minus_the_mean_advantage_before_the_first_step():
    logp = torch.randn(2, 3, dtype=torch.float64)
    advantage = torch.tensor([[1.0, -2.0, 3.0], [4.0, 0.0, 9.0]], dtype=torch.float64)
    mask = torch.tensor([[1, 1, 1], [1, 1, 0]])

    loss = clipped_policy_loss(logp, logp, advantage, mask, clip=0.2)

    assert loss.item() == pytest.approx(-(1 - 2 + 3 + 4 + 0) / 5)
    assert clip_fraction(logp, logp, mask, clip=0.2).item() == 0.0


def test_policy_loss_takes_the_pessimistic_branch_of_each_token():
    ratio = torch.tensor([[1.5, 1.5, 0.5, 0.5]], dtype=torch.float64)
    advantage = torch.tensor([[1.0, -1.0, 1.0, -1.0]], dtype=torch.float64)
    logp = ratio.log().requires_grad_()
    mask = torch.ones(1, 4)

    loss = clipped_policy_loss(logp, torch.zeros_like(ratio), advantage, mask, clip=0.2)
    loss.backward()

    # min(r A, clip(r) A): 1.2, -1.5, 0.5, -0.8
    assert loss.item() == pytest.approx(-(1.2 - 1.5 + 0.5 - 0.8) / 4)
    assert logp.grad is not None
    assert (logp.grad[0] != 0).tolist() == [False, True, True, False]
    assert clip_fraction(logp, torch.zeros_like(ratio), mask, clip=0.2).item() == 1.0


def test_value_loss_does_not_reward_a_jump_beyond_the_clip():
    value, old, target = tensor(1.0)[None], tensor(0.0)[None], tensor(1.0)[None]
    mask = torch.ones(1, 1)

    assert clipped_value_loss(value, old, target, mask, clip=9.0).item() == 0.0
    assert clipped_value_loss(value, old, target, mask, clip=0.2).item() == pytest.approx(0.32)


def test_kl_estimate_averages_to_the_exact_divergence_and_is_never_negative():
    policy, other = tensor(0.5, 0.3, 0.2), tensor(0.2, 0.2, 0.6)

    estimate = kl_estimate(policy.log(), other.log())

    exact = (policy * (policy / other).log()).sum()
    assert (policy * estimate).sum().item() == pytest.approx(exact.item())
    assert (estimate >= 0).all()
