"""A reward model: one number for a whole response, learned from which ones people preferred."""

# R responses, P pairs

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel

from training import models, preferences
from training.contract.methods import RewardSettings
from training.data import split_rows
from training.fit import fit, pair_measures, per_response, report_agreement
from training.losses import centering_loss, reward_loss
from training.preferences import Group, GroupBatch
from training.run import Result, Run
from training.scoring import calibrate, response_scores

MARGIN_PER_RANK = 1 / 3  # the small margins of Touvron et al. 2023, table 27: 1/3, 2/3, 1


def run(run: Run) -> Result:
    settings = run.settings(RewardSettings)
    folder = run.model_path(run.spec.model)
    tokenizer = models.load_tokenizer(folder)
    pad = int(tokenizer.pad_token_id)
    model = models.load_reward(folder, device=run.device)
    model.config.pad_token_id = pad

    train, held_out = split_rows(run.rows())
    soft_ties = settings.ties == "soft"
    encoded = preferences.encode(
        tokenizer, train, max_length=settings.max_length, soft_ties=soft_ties
    )
    groups = preferences.with_comparisons(encoded)
    held_groups = preferences.encode(tokenizer, held_out, max_length=settings.max_length)

    def batch_loss(batch: GroupBatch) -> tuple[Tensor, dict[str, Tensor]]:
        score_R = response_scores(model, batch.ids_RT, batch.real_RT)
        return pairs_loss(score_R, batch, settings), pair_measures(score_R.detach(), batch)

    fit(run, settings, model, groups, batch_loss, pad=pad)

    trained = scores(model, groups, pad=pad, micro_batch_size=settings.micro_batch_size)
    calibrate(model, torch.tensor([score for row in trained for score in row]))
    judged = scores(model, held_groups, pad=pad, micro_batch_size=settings.micro_batch_size)
    metrics = report_agreement(run, held_out, judged) | preferences.left_out(encoded)
    return Result(metrics=metrics, outputs=run.save_final(model, tokenizer, metrics))


def pairs_loss(score_R: Tensor, batch: GroupBatch, settings: RewardSettings) -> Tensor:
    """The weighted negative log-likelihood of the batch's pairs, summed over its rows."""
    chosen_P, rejected_P = score_R[batch.chosen_P], score_R[batch.rejected_P]
    margin_P = batch.margin_P * MARGIN_PER_RANK if settings.margin else None
    loss_P = reward_loss(chosen_P, rejected_P, margin_P=margin_P)
    if settings.center_coefficient:
        loss_P = loss_P + settings.center_coefficient * centering_loss(chosen_P, rejected_P)
    return (batch.weight_P * loss_P).sum()


def scores(
    model: PreTrainedModel, groups: Sequence[Group], *, pad: int, micro_batch_size: int
) -> list[list[float]]:
    """The reward of every response of every group."""
    return per_response(
        groups,
        lambda batch: response_scores(model, batch.ids_RT, batch.real_RT),
        pad=pad,
        device=model.device.type,
        micro_batch_size=micro_batch_size,
    )
