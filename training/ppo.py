"""Proximal policy optimisation against a reward model, tied to a reference by a price on KL.

Every step writes responses, scores them, turns scores and KL into advantages, learns from them a
few times over and throws them away (Schulman et al. 2017; for language Ziegler et al. 2019 and
Ouyang et al. 2022). What a step draws at random follows from the seed and the step's number.
"""

# B responses of a batch, T tokens; masks are 1 on response tokens

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from training import chat, losses, optim, preferences
from training.contract.errors import SpecError
from training.contract.methods import PpoSettings
from training.contract.rows import PreferenceRow, PromptRow
from training.data import Batches, split_rows
from training.experience import Cast, Experience, KLPrice, assess, load_cast, slices
from training.logprobs import token_logps, token_logps_and_entropy
from training.losses import masked_mean, mean_logps
from training.preferences import Group
from training.rollout import Rollout, roll_out
from training.run import Result, Run
from training.sampling import response_seed
from training.scoring import prefix_values

EVAL_PROMPTS = 128


def run(run: Run) -> Result:
    settings = run.settings(PpoSettings)
    cast = load_cast(run, settings)
    train, held_out = split_rows(run.rows())
    prompts = encode(cast, train, settings)
    written = demonstrations(cast, train, settings)

    batches = Batches([len(prompt) for prompt in prompts], settings, seed=run.spec.seed)
    critic_settings = replace(settings, learning_rate=settings.value_learning_rate)
    optimizer = optim.adamw(cast.policy.parameters(), settings)
    critic_optimizer = optim.adamw(cast.critic.parameters(), critic_settings)
    price = KLPrice(settings)
    run.track(
        policy=cast.policy,
        critic=cast.critic,
        optimizer=optimizer,
        critic_optimizer=critic_optimizer,
        price=price,
    )
    if run.step == 0:
        evaluate(run, cast, held_out[:EVAL_PROMPTS], settings)

    total = run.begin(batches.total)
    for step in run.steps(total):
        chosen = batches.at(step)
        seeds = seeds_of(run, "rollout", step, len(chosen))
        rows = [train[i] for i in chosen]
        rollout = write(cast, rows, [prompts[i] for i in chosen], seeds, settings)
        experience, measures = assess(cast, rollout, settings, kl_coefficient=price.coefficient)

        step_size = optim.learning_rate(step, total, settings)
        critic_step_size = optim.learning_rate(step, total, critic_settings)
        learned: list[dict[str, float]] = []
        for rows_B in minibatches(run, step, len(chosen), settings):
            part = backward(cast, experience, rows_B.to(run.device), settings)
            learned.append(part)
            if settings.stop_kl is not None and part["policy_kl"] > settings.stop_kl:
                optimizer.zero_grad(set_to_none=True)
                critic_optimizer.zero_grad(set_to_none=True)
                break
            if settings.ptx_weight:
                (seed,) = seeds_of(run, f"ptx {step}", len(learned), 1)
                part["ptx_loss"] = backward_ptx(cast, written, seed, settings)
            limit = settings.max_grad_norm
            part["grad_norm"] = optim.take_step(optimizer, step_size=step_size, max_grad_norm=limit)
            optim.take_step(critic_optimizer, step_size=critic_step_size, max_grad_norm=limit)
        measures |= {**means(learned), "kl_coefficient": price.coefficient, "lr": step_size}
        price.adapt(measures["kl"])
        run.report(measures, tokens=int(rollout.mask_BT.sum()))

    metrics = evaluate(run, cast, held_out[:EVAL_PROMPTS], settings)
    return Result(metrics=metrics, outputs=run.save_final(cast.policy, cast.tokenizer, metrics))


def encode(cast: Cast, rows: Sequence[PromptRow], settings: PpoSettings) -> list[list[int]]:
    """Each prompt's tokens, leaving room for the response in what the policy can see."""
    window = min(settings.max_length, int(cast.policy.config.max_position_embeddings))
    room = window - settings.max_new_tokens
    if room < 1:
        raise SpecError(
            f"max_new_tokens {settings.max_new_tokens} leaves no room for a prompt "
            f"in {window} tokens"
        )
    return chat.encode_prompts(cast.tokenizer, [row["prompt"] for row in rows], max_tokens=room)


def demonstrations(cast: Cast, rows: Sequence[PromptRow], settings: PpoSettings) -> list[Group]:
    """The first response of each row that brings any: what the likelihood term imitates."""
    shown: list[PreferenceRow] = [
        {"prompt": row["prompt"], "responses": row["responses"][:1], "ranks": [1]}
        for row in rows
        if row.get("responses")
    ]
    if settings.ptx_weight and not shown:
        raise SpecError("ptx_weight needs prompts that bring responses to imitate; none does")
    return preferences.encode(cast.tokenizer, shown, max_length=settings.max_length)


def write(
    cast: Cast,
    rows: Sequence[PromptRow],
    prompts: Sequence[list[int]],
    seeds: Sequence[int],
    settings: PpoSettings,
) -> Rollout:
    """One response of the policy to each prompt, drawn with its seed."""
    with optim.precision(cast.policy.device.type, bf16=settings.bf16):
        return roll_out(
            cast.policy,
            cast.tokenizer,
            [row["prompt"] for row in rows],
            prompts,
            seeds,
            max_new_tokens=settings.max_new_tokens,
            temperature=settings.temperature,
        )


def minibatches(run: Run, step: int, count: int, settings: PpoSettings) -> Iterator[Tensor]:
    """The rows of every gradient step of a batch: all of them once per epoch, shuffled anew."""
    for seed in seeds_of(run, "minibatches", step, settings.epochs_per_batch):
        order_B = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
        for part in slices(count, settings.minibatch_size):
            yield order_B[part]


def backward(
    cast: Cast, experience: Experience, rows_B: Tensor, settings: PpoSettings
) -> dict[str, float]:
    """Adds a minibatch's gradients to policy and critic.

    Losses and measures are means over the response tokens of the minibatch, however it is cut
    into micro-batches. "policy_kl" is from the policy that wrote the batch, in nats per token.
    """
    rollout = experience.rollout
    tokens = rollout.mask_BT[rows_B].sum()
    sums: dict[str, float] = {}
    cast.policy.train(settings.gradient_checkpointing)
    cast.critic.train(settings.gradient_checkpointing)
    for piece in slices(len(rows_B), settings.micro_batch_size):
        rows = rows_B[piece]
        ids_BT, mask_BT = rollout.ids_BT[rows], rollout.mask_BT[rows]
        old_logp_BT, old_value_BT = experience.logp_BT[rows], experience.value_BT[rows]
        with optim.precision(cast.policy.device.type, bf16=settings.bf16):
            logp_BT, entropy_BT = token_logps_and_entropy(
                cast.policy, ids_BT, mask_BT, temperature=settings.temperature
            )
            value_BT = prefix_values(cast.critic, ids_BT, mask_BT)
        policy_loss = losses.clipped_policy_loss(
            logp_BT, old_logp_BT, experience.advantage_BT[rows], mask_BT, clip=settings.clip
        )
        value_loss = losses.clipped_value_loss(
            value_BT, old_value_BT, experience.return_BT[rows], mask_BT, clip=settings.value_clip
        )
        entropy = masked_mean(entropy_BT, mask_BT)
        loss = policy_loss + settings.value_weight * value_loss
        if settings.entropy_weight:
            loss = loss - settings.entropy_weight * entropy
        share = mask_BT.sum() / tokens
        (share * loss).backward()
        clipped = losses.clip_fraction(logp_BT, old_logp_BT, mask_BT, clip=settings.clip)
        moved = masked_mean(losses.kl_estimate(old_logp_BT, logp_BT), mask_BT)
        measured = {
            "loss": loss,
            "policy_loss": policy_loss,
            "value_loss": value_loss,
            "entropy": entropy,
            "clip_fraction": clipped,
            "policy_kl": moved,
        }
        for name, value in measured.items():
            sums[name] = sums.get(name, 0.0) + float(share * value.detach())
    cast.policy.eval()
    cast.critic.eval()
    return sums


def backward_ptx(cast: Cast, written: Sequence[Group], seed: int, settings: PpoSettings) -> float:
    """Adds the gradients of the written answers' likelihood (PPO-ptx, Ouyang et al. 2022, eq. 2).

    The loss is `ptx_weight` times the mean over answers of -log p per token, which is returned.
    """
    order = torch.randperm(len(written), generator=torch.Generator().manual_seed(seed)).tolist()
    chosen = order[: settings.minibatch_size]
    nll = 0.0
    for piece in slices(len(chosen), settings.micro_batch_size):
        batch = preferences.collate(
            [written[i] for i in chosen[piece]],
            pad=int(cast.tokenizer.pad_token_id),
            device=cast.policy.device.type,
        )
        with optim.precision(cast.policy.device.type, bf16=settings.bf16):
            logp_RT = token_logps(cast.policy, batch.ids_RT, batch.mask_RT)
        loss = -mean_logps(logp_RT, batch.mask_RT).sum() / len(chosen)
        (settings.ptx_weight * loss).backward()
        nll += float(loss.detach())
    return nll


def evaluate(
    run: Run, cast: Cast, rows: Sequence[PromptRow], settings: PpoSettings
) -> dict[str, float]:
    """Fresh responses to held-out prompts: the measures of `assess` as "eval/..."."""
    if not rows:
        return {}
    seeds = seeds_of(run, "evaluation", 0, len(rows))
    rollout = write(cast, rows, encode(cast, rows, settings), seeds, settings)
    _, measures = assess(cast, rollout, settings, kl_coefficient=0.0)
    del measures["reward/paid"]
    run.report_now(measures)
    return {f"eval/{name}": value for name, value in measures.items()}


def means(parts: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of each name over the parts that have it."""
    found: dict[str, list[float]] = {}
    for part in parts:
        for name, value in part.items():
            found.setdefault(name, []).append(value)
    return {name: sum(values) / len(values) for name, values in found.items()}


def seeds_of(run: Run, purpose: str, step: int, count: int) -> list[int]:
    """The seeds of everything random in a step, so that a resumed run draws the same."""
    return [response_seed(run.spec.seed, f"{purpose} {step}", i) for i in range(count)]
