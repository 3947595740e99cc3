"""Log-probabilities of response tokens under a causal language model, without holding every logit.

Everything is aligned with the tokens: `logp_BT[b, t]` is log p(ids[b, t] | ids[b, :t]), in nats,
and 0 where `mask_BT` is 0. Position 0 has no prefix and must never be counted. Rows are padded on
the right, where causal attention cannot see the padding: no attention mask is needed, and
scaled-dot-product attention takes its fast causal path.
"""

# B sequences, T tokens, N counted tokens of the batch, D hidden size, V vocabulary

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel

# 256 MB of float32; more are computed in slices, and once again in the backward pass.
LOGITS_AT_ONCE = 2**26


def token_logps(
    model: PreTrainedModel, ids_BT: Tensor, mask_BT: Tensor, *, temperature: float = 1.0
) -> Tensor:
    """logp_BT of the tokens counted by `mask_BT`, under the softmax of logits / temperature."""
    logp_N = _over_slices(
        lambda logits_NV, ids_N: selected_logps(logits_NV / temperature, ids_N),
        model,
        *_counted(model, ids_BT, mask_BT),
    )
    return _spread(logp_N, mask_BT)


def token_logps_and_entropy(
    model: PreTrainedModel, ids_BT: Tensor, mask_BT: Tensor, *, temperature: float = 1.0
) -> tuple[Tensor, Tensor]:
    """logp_BT as `token_logps` gives it, and entropy_BT of the whole distribution at each token."""

    def both(logits_NV: Tensor, ids_N: Tensor) -> Tensor:
        scaled_NV = logits_NV / temperature
        return torch.stack([selected_logps(scaled_NV, ids_N), entropy(scaled_NV)], dim=-1)

    both_N2 = _over_slices(both, model, *_counted(model, ids_BT, mask_BT))
    return _spread(both_N2[:, 0], mask_BT), _spread(both_N2[:, 1], mask_BT)


def selected_logps(logits_NV: Tensor, ids_N: Tensor) -> Tensor:
    """The log-softmax at one token per row, computed without the full log-softmax matrix."""
    return logits_NV.gather(-1, ids_N[:, None]).squeeze(-1) - logits_NV.logsumexp(-1)


def entropy(logits_NV: Tensor) -> Tensor:
    """Entropy of each row's softmax in nats: logsumexp(x) - sum p x."""
    return logits_NV.logsumexp(-1) - (logits_NV.softmax(-1) * logits_NV).sum(-1)


def _counted(model: PreTrainedModel, ids_BT: Tensor, mask_BT: Tensor) -> tuple[Tensor, Tensor]:
    """The hidden state that predicts each counted token, and that token: hidden_ND, ids_N."""
    assert not bool(mask_BT[:, 0].any()), "the first token has no prefix to be predicted from"
    hidden_BTD = model.base_model(
        input_ids=ids_BT, attention_mask=None, use_cache=False
    ).last_hidden_state
    counted_BT = mask_BT[:, 1:].bool()
    return hidden_BTD[:, :-1][counted_BT], ids_BT[:, 1:][counted_BT]


def _over_slices(
    of_logits: Callable[[Tensor, Tensor], Tensor],
    model: PreTrainedModel,
    hidden_ND: Tensor,
    ids_N: Tensor,
) -> Tensor:
    """`of_logits(logits_NV, ids_N)`, by slices of the tokens when all logits are too many."""

    def of_hidden(hidden_ND: Tensor, ids_N: Tensor) -> Tensor:
        return of_logits(_logits(model, hidden_ND), ids_N)

    tokens = max(1, LOGITS_AT_ONCE // model.config.vocab_size)
    if len(ids_N) <= tokens:
        return of_hidden(hidden_ND, ids_N)
    count = -(-len(ids_N) // tokens)
    slices = zip(hidden_ND.chunk(count), ids_N.chunk(count), strict=True)
    return torch.cat([checkpoint(of_hidden, h, ids, use_reentrant=False) for h, ids in slices])


def _logits(model: PreTrainedModel, hidden_ND: Tensor) -> Tensor:
    """Logits in float32: bfloat16 is too coarse for a logsumexp. Cohere scales, Gemma caps them."""
    logits_NV: Tensor = model.get_output_embeddings()(hidden_ND)
    logits_NV = logits_NV if logits_NV.dtype == torch.float64 else logits_NV.float()
    scale = getattr(model.config, "logit_scale", None)
    if scale is not None:
        logits_NV = logits_NV * scale
    cap = getattr(model.config, "final_logit_softcapping", None)
    return logits_NV if cap is None else cap * torch.tanh(logits_NV / cap)


def _spread(value_N: Tensor, mask_BT: Tensor) -> Tensor:
    value_BT = value_N.new_zeros(mask_BT.shape)
    return value_BT.masked_scatter(mask_BT.bool(), value_N)
