"""RRHF: rank responses by their own likelihood, and imitate the best (Yuan et al. 2023).

No reference and no reward model: the ranks that people gave are the whole signal.
"""

# R responses, P pairs, T tokens, G rows

import torch
from torch import Tensor

from training import models, preferences
from training.contract.methods import RrhfSettings
from training.data import split_rows
from training.fit import best_means, fit, pair_measures, per_response, report_agreement
from training.logprobs import token_logps
from training.losses import mean_logps, rrhf_ranking_loss
from training.preferences import GroupBatch
from training.run import Result, Run


def run(run: Run) -> Result:
    settings = run.settings(RrhfSettings)
    folder = run.model_path(run.spec.model)
    tokenizer = models.load_tokenizer(folder)
    pad = int(tokenizer.pad_token_id)
    model = models.load_policy(folder, device=run.device)

    train, held_out = split_rows(run.rows())
    encoded = preferences.encode(tokenizer, train, max_length=settings.max_length)
    groups = preferences.with_comparisons(encoded)
    held_groups = preferences.encode(tokenizer, held_out, max_length=settings.max_length)

    def mean_logps_of(batch: GroupBatch) -> Tensor:
        return mean_logps(token_logps(model, batch.ids_RT, batch.mask_RT), batch.mask_RT)

    def batch_loss(batch: GroupBatch) -> tuple[Tensor, dict[str, Tensor]]:
        mean_logp_R = mean_logps_of(batch)
        return rrhf_loss(mean_logp_R, batch, settings), pair_measures(mean_logp_R.detach(), batch)

    fit(run, settings, model, groups, batch_loss, pad=pad)

    scores = per_response(
        held_groups,
        mean_logps_of,
        pad=pad,
        device=run.device,
        micro_batch_size=settings.micro_batch_size,
        bf16=settings.bf16,
    )
    metrics = report_agreement(run, held_out, scores) | preferences.left_out(encoded)
    return Result(metrics=metrics, outputs=run.save_final(model, tokenizer, metrics))


def rrhf_loss(mean_logp_R: Tensor, batch: GroupBatch, settings: RrhfSettings) -> Tensor:
    """The hinges of each row's pairs plus `sft_weight` of its best response's loss per token.

    Summed over the rows, and within a row over its pairs (eqs. 2 to 4): a row's weights, which
    share out one say, are multiplied by the number of its pairs.
    """
    row_P = batch.group_R[batch.chosen_P]
    hinge_P = rrhf_ranking_loss(mean_logp_R[batch.chosen_P], mean_logp_R[batch.rejected_P])
    pairs_G = torch.bincount(row_P)
    ranking = (batch.weight_P * pairs_G[row_P] * hinge_P).sum()
    return ranking - settings.sft_weight * best_means(mean_logp_R, batch).sum()
