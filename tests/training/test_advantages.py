import pytest
import torch

from training.advantages import (
    adapted_kl_coefficient,
    generalized_advantages,
    last_tokens,
    token_rewards,
    whitened,
)

MASK = torch.tensor([[0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 0, 0]], dtype=torch.float64)


def brute_force_advantage(
    reward: list[float], value: list[float], gamma: float, lam: float
) -> list[float]:
    """Schulman et al. 2016, eq. 16, as the sum it is written as, over one response's own tokens."""
    after = [*value[1:], 0.0]
    delta = [r + gamma * n - v for r, n, v in zip(reward, after, value, strict=True)]
    return [
        sum((gamma * lam) ** (u - t) * delta[u] for u in range(t, len(delta)))
        for t in range(len(delta))
    ]


@pytest.mark.parametrize(("gamma", "lam"), [(1.0, 0.95), (0.9, 0.5), (0.99, 1.0), (1.0, 0.0)])
def test_advantages_equal_the_sum_of_discounted_residuals(gamma: float, lam: float):
    generator = torch.Generator().manual_seed(3)
    reward = torch.randn(MASK.shape, generator=generator, dtype=torch.float64)
    value = torch.randn(MASK.shape, generator=generator, dtype=torch.float64)

    advantage, returns = generalized_advantages(reward, value, MASK, gamma=gamma, lam=lam)

    for b, counted in enumerate(MASK.bool()):
        expected = brute_force_advantage(
            reward[b, counted].tolist(), value[b, counted].tolist(), gamma, lam
        )
        assert advantage[b, counted].tolist() == pytest.approx(expected)
        assert returns[b, counted].tolist() == pytest.approx(
            (torch.tensor(expected) + value[b, counted]).tolist()
        )
    assert (advantage[MASK == 0] == 0).all()
    assert (returns[MASK == 0] == 0).all()


def test_with_lambda_one_the_return_is_the_discounted_sum_of_rewards():
    reward = torch.tensor([[0.0, 1.0, 2.0, 4.0, 0.0]], dtype=torch.float64)
    value = torch.tensor([[7.0, 0.5, -0.5, 3.0, 8.0]], dtype=torch.float64)

    _, returns = generalized_advantages(reward, value, MASK[:1], gamma=0.5, lam=1.0)

    assert returns[0].tolist() == pytest.approx([0, 1 + 1 + 1, 2 + 2, 4, 0])


def test_score_lands_on_the_last_token_and_kl_on_every_token():
    logp = torch.full(MASK.shape, -1.0, dtype=torch.float64)
    reference = torch.full(MASK.shape, -1.5, dtype=torch.float64)

    reward = token_rewards(
        torch.tensor([2.0, -1.0, 3.0], dtype=torch.float64),
        logp,
        reference,
        MASK,
        kl_coefficient=0.2,
    )

    assert reward.tolist() == [
        pytest.approx([0, -0.1, -0.1, 1.9, 0]),
        pytest.approx([0, 0, -0.1, -0.1, -1.1]),
        pytest.approx([0, 0, 2.9, 0, 0]),
    ]


def test_a_row_without_response_has_no_last_token():
    assert last_tokens(torch.zeros(1, 4)).sum().item() == 0


def test_whitened_values_have_mean_zero_and_variance_one_over_the_counted_tokens():
    value = torch.randn(MASK.shape, dtype=torch.float64) * 3 + 5

    white = whitened(value, MASK)

    counted = white[MASK.bool()]
    assert counted.mean().item() == pytest.approx(0, abs=1e-9)
    assert counted.var(unbiased=False).item() == pytest.approx(1, abs=1e-6)
    assert (white[MASK == 0] == 0).all()


@pytest.mark.parametrize(
    ("kl", "expected"), [(6.0, 0.1), (6.6, 0.101), (60.0, 0.102), (0.0, 0.098)]
)
def test_kl_coefficient_follows_the_target_by_bounded_steps(kl: float, expected: float):
    assert adapted_kl_coefficient(0.1, kl, target=6.0, horizon=10) == pytest.approx(expected)
