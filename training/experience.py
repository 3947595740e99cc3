"""What a batch of responses is worth, token by token: scores, KL and values as advantages."""

# B responses of a batch, T tokens; masks are 1 on response tokens

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from training import models, optim
from training.advantages import (
    adapted_kl_coefficient,
    generalized_advantages,
    token_rewards,
    whitened,
)
from training.contract.methods import PpoSettings
from training.logprobs import token_logps
from training.rollout import Rollout, text_scores
from training.run import Run
from training.scoring import prefix_values, reward_mean, scalar_head


@dataclass(frozen=True)
class Cast:
    """Who takes part: policy and critic learn, reference and reward model stay as they are."""

    policy: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    critic: PreTrainedModel
    reference: PreTrainedModel
    reward: PreTrainedModel
    reward_tokenizer: PreTrainedTokenizerBase


@dataclass(frozen=True)
class Experience:
    """A rollout with what was thought of each token when it was written."""

    rollout: Rollout
    logp_BT: Tensor
    value_BT: Tensor
    advantage_BT: Tensor
    return_BT: Tensor


class KLPrice:
    """What a nat away from the reference costs; moves towards `kl_target` where there is one."""

    def __init__(self, settings: PpoSettings) -> None:
        self.coefficient = settings.kl_coefficient
        self._target, self._horizon = settings.kl_target, settings.kl_horizon

    def adapt(self, kl: float) -> None:
        """Note that the latest batch was `kl` nats per response away from the reference."""
        if self._target is not None:
            self.coefficient = adapted_kl_coefficient(
                self.coefficient, kl, target=self._target, horizon=self._horizon
            )

    def state_dict(self) -> dict[str, float]:
        return {"coefficient": self.coefficient}

    def load_state_dict(self, state: dict[str, float], /) -> None:
        self.coefficient = state["coefficient"]


def load_cast(run: Run, settings: PpoSettings) -> Cast:
    """The four models of the spec.

    The critic starts as the reward model, whose scalar is already a value, or, where that reads
    another vocabulary, as the policy with a head of zeros.
    """
    policy_folder = run.model_path(run.spec.model)
    reward_folder = run.model_path(run.spec.reward)
    reference_folder = run.model_path(run.spec.reference or run.spec.model)
    tokenizer = models.load_tokenizer(policy_folder)
    policy = models.load_policy(policy_folder, device=run.device)
    reference = models.load_policy(reference_folder, device=run.device)
    reward = models.load_reward(reward_folder, device=run.device)
    reward_tokenizer = models.load_tokenizer(reward_folder)
    if reward_tokenizer.get_vocab() == tokenizer.get_vocab():
        critic = models.load_critic(reward_folder, device=run.device)
        torch.nn.init.constant_(scalar_head(critic).bias, -reward_mean(reward))
    else:
        critic = models.load_critic(policy_folder, device=run.device)
        torch.nn.init.zeros_(scalar_head(critic).weight)
    if settings.gradient_checkpointing:
        policy.gradient_checkpointing_enable()
        critic.gradient_checkpointing_enable()
    return Cast(policy, tokenizer, critic, reference, reward, reward_tokenizer)


@torch.no_grad()
def assess(
    cast: Cast,
    rollout: Rollout,
    settings: PpoSettings,
    *,
    kl_coefficient: float,
) -> tuple[Experience, dict[str, float]]:
    """The experience a rollout makes, and its measures: means over the responses.

    "reward/mean" is the reward model's score alone, "kl" the sum over a response's tokens of
    log p(policy) - log p(reference), in nats.
    """
    logp, reference, value, score = [], [], [], []
    heat = settings.temperature
    for rows in slices(len(rollout.texts), settings.micro_batch_size):
        ids_BT, mask_BT = rollout.ids_BT[rows], rollout.mask_BT[rows]
        conversations, texts = rollout.conversations[rows], rollout.texts[rows]
        with optim.precision(cast.policy.device.type, bf16=settings.bf16):
            logp.append(token_logps(cast.policy, ids_BT, mask_BT, temperature=heat))
            reference.append(token_logps(cast.reference, ids_BT, mask_BT, temperature=heat))
            value.append(prefix_values(cast.critic, ids_BT, mask_BT))
            score.append(text_scores(cast.reward, cast.reward_tokenizer, conversations, texts))
    logp_BT, reference_BT, value_BT = torch.cat(logp), torch.cat(reference), torch.cat(value)
    score_B, mask_BT = torch.cat(score), rollout.mask_BT

    paid_B = paid_scores(score_B, rollout.ended_B, settings)
    reward_BT = token_rewards(paid_B, logp_BT, reference_BT, mask_BT, kl_coefficient=kl_coefficient)
    advantage_BT, return_BT = generalized_advantages(
        reward_BT, value_BT, mask_BT, gamma=settings.gamma, lam=settings.lam
    )
    measures = {
        "reward/mean": float(score_B.mean()),
        "reward/paid": float(reward_BT.sum(-1).mean()),
        "kl": float((logp_BT - reference_BT).sum(-1).mean()),
        "response_length": float(mask_BT.sum(-1).float().mean()),
        "eos_rate": float(rollout.ended_B.mean()),
    }
    advantage_BT = whitened(advantage_BT, mask_BT)
    return Experience(rollout, logp_BT, value_BT, advantage_BT, return_BT), measures


def paid_scores(score_B: Tensor, ended_B: Tensor, settings: PpoSettings) -> Tensor:
    """The scores as they are paid out: whitened if asked for, clipped, less for having no end."""
    if settings.whiten_rewards:
        score_B = whitened(score_B, torch.ones_like(score_B))
    clipped_B = score_B.clamp(-settings.reward_clip, settings.reward_clip)
    return clipped_B - settings.eos_penalty * (1 - ended_B)


def slices(count: int, size: int) -> Iterator[slice]:
    """0 .. count in pieces of `size`."""
    return (slice(start, start + size) for start in range(0, count, size))
