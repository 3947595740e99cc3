"""Direct preference optimisation: the policy itself learns to prefer what people preferred."""

# R responses, P pairs, T tokens

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from torch import Tensor
from transformers import PreTrainedModel

from training import models, preferences
from training.contract.methods import DpoSettings
from training.data import split_rows
from training.fit import best_means, fit, pair_measures, per_response, report_agreement
from training.logprobs import token_logps
from training.losses import DPOLoss, dpo_loss, mean_logps
from training.preferences import Group, GroupBatch
from training.run import Result, Run


def run(run: Run) -> Result:
    settings = run.settings(DpoSettings)
    folder = run.model_path(run.spec.model)
    reference_folder = run.model_path(run.spec.reference or run.spec.model)
    tokenizer = models.load_tokenizer(folder)
    pad = int(tokenizer.pad_token_id)
    model = models.load_policy(folder, device=run.device)

    train, held_out = split_rows(run.rows())
    encoded = preferences.encode(tokenizer, train, max_length=settings.max_length)
    groups = preferences.with_comparisons(encoded)
    held_groups = preferences.encode(tokenizer, held_out, max_length=settings.max_length)

    reference = models.load_policy(reference_folder, device=run.device)
    groups = with_reference(groups, reference, settings, pad=pad)
    held_groups = with_reference(held_groups, reference, settings, pad=pad)
    del reference  # its log-probabilities are all that is needed of it

    def batch_loss(batch: GroupBatch) -> tuple[Tensor, dict[str, Tensor]]:
        logp_RT = token_logps(model, batch.ids_RT, batch.mask_RT)
        lead_R = response_logps(logp_RT, batch, settings).detach() - batch.reference_R
        loss = preference_loss(logp_RT, batch, settings)
        return loss, pair_measures(settings.beta * lead_R, batch)

    fit(run, settings, model, groups, batch_loss, pad=pad)

    policy = logps(model, held_groups, settings, pad=pad)
    rewards = [
        [settings.beta * (a - b) for a, b in zip(own, group.reference or [], strict=True)]
        for own, group in zip(policy, held_groups, strict=True)
    ]
    metrics = report_agreement(run, held_out, rewards) | preferences.left_out(encoded)
    return Result(metrics=metrics, outputs=run.save_final(model, tokenizer, metrics))


def preference_loss(logp_RT: Tensor, batch: GroupBatch, settings: DpoSettings) -> Tensor:
    """The weighted DPO loss of the batch's pairs and, by `sft_weight`, the mean negative
    log-likelihood per token of each row's best responses; summed over the rows.
    """
    logp_R = response_logps(logp_RT, batch, settings)
    loss_P = dpo_loss(
        logp_R[batch.chosen_P],
        logp_R[batch.rejected_P],
        batch.reference_R[batch.chosen_P],
        batch.reference_R[batch.rejected_P],
        beta=settings.beta,
        kind=cast(DPOLoss, settings.loss),
        label_smoothing=settings.label_smoothing,
    )
    loss = (batch.weight_P * loss_P).sum()
    if settings.sft_weight:
        loss = (
            loss - settings.sft_weight * best_means(mean_logps(logp_RT, batch.mask_RT), batch).sum()
        )
    return loss


def response_logps(logp_RT: Tensor, batch: GroupBatch, settings: DpoSettings) -> Tensor:
    """logp_R: of the whole response, its end included; for ipo the mean per token."""
    if settings.loss == "ipo":
        return mean_logps(logp_RT, batch.mask_RT)
    return logp_RT.sum(-1)


def logps(
    model: PreTrainedModel, groups: Sequence[Group], settings: DpoSettings, *, pad: int
) -> list[list[float]]:
    """`response_logps` of every response of every group."""
    return per_response(
        groups,
        lambda batch: response_logps(
            token_logps(model, batch.ids_RT, batch.mask_RT), batch, settings
        ),
        pad=pad,
        device=model.device.type,
        micro_batch_size=settings.micro_batch_size,
        bf16=settings.bf16,
    )


def with_reference(
    groups: Sequence[Group], reference: PreTrainedModel, settings: DpoSettings, *, pad: int
) -> list[Group]:
    """The groups with their reference log-probabilities, computed once for the whole run."""
    known = logps(reference, groups, settings, pad=pad)
    return [replace(group, reference=own) for group, own in zip(groups, known, strict=True)]
