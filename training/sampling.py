"""Writing responses: batched, each with random numbers of its own.

A response's randomness depends on its seed alone, so a resumed or re-batched job writes the same
text again (up to near-ties that the rounding of another batch shape could turn).
"""

# P prompts, R responses being written, T tokens so far, N new tokens at most, V vocabulary

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from training.collate import pad_left


@dataclass(frozen=True)
class Sampled:
    """A response: its tokens (the end token included if it ended) and each one's log-probability.

    Log-probabilities are the model's own, before temperature and top_p.
    """

    ids: list[int]
    logprobs: list[float]
    ended: bool


def response_seed(job_seed: int, prompt: str, index: int) -> int:
    """The seed of a prompt's index-th response: 53 bits, so that JavaScript can hold it."""
    digest = hashlib.sha256(f"{job_seed}:{prompt}:{index}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 11


@torch.no_grad()
def sample(
    model: PreTrainedModel,
    prompts: Sequence[Sequence[int]],
    seeds: Sequence[Sequence[int]],
    *,
    stop: Sequence[int],
    pad: int,
    max_new_tokens: int,
    temperature: float = 1.0,
    top_p: float = 1.0,
) -> list[list[Sampled]]:
    """For each prompt one response per seed. Temperature 0 takes the likeliest token.

    Prompts are read once and shared by their responses; responses that ended leave the batch.
    The model should be in evaluation mode.
    """
    device = model.device
    ids_PT, real_PT = (part.to(device) for part in pad_left(prompts, pad=pad))
    positions_PT = (real_PT.cumsum(-1) - 1).clamp(min=0)
    out = model(
        input_ids=ids_PT,
        attention_mask=real_PT,
        position_ids=positions_PT,
        use_cache=True,
        logits_to_keep=1,
    )
    prompt_R = torch.tensor([p for p, each in enumerate(seeds) for _ in each], device=device)
    cache = out.past_key_values
    cache.batch_select_indices(prompt_R)
    logits_RV, real_RT = out.logits[prompt_R, -1], real_PT[prompt_R]
    uniform_RN = torch.tensor(
        np.stack([_uniform(seed, max_new_tokens) for each in seeds for seed in each]),
        device=device,
    )
    total = len(prompt_R)
    ids_RN = torch.full((total, max_new_tokens), pad, device=device)
    logp_RN = torch.zeros(total, max_new_tokens, device=device)
    length_R = torch.zeros(total, dtype=torch.long, device=device)
    ended_R = torch.zeros(total, dtype=torch.bool, device=device)
    stop_S = torch.tensor(list(stop), device=device)
    place_R = torch.arange(total, device=device)  # where each row of the batch belongs

    for n in range(max_new_tokens):
        token_R = choose(
            logits_RV.float(), uniform_RN[place_R, n], temperature=temperature, top_p=top_p
        )
        logp_R = logits_RV.float().log_softmax(-1).gather(-1, token_R[:, None])[:, 0]
        writing_R = ~ended_R[place_R]
        written_R = place_R[writing_R]
        ids_RN[written_R, n] = token_R[writing_R]
        logp_RN[written_R, n] = logp_R[writing_R]
        length_R[written_R] += 1
        ended_R[place_R] |= torch.isin(token_R, stop_S)
        alive = (~ended_R[place_R]).nonzero()[:, 0]
        if len(alive) == 0 or n + 1 == max_new_tokens:
            break
        if len(alive) <= 0.8 * len(place_R):
            cache.batch_select_indices(alive)
            place_R, token_R, real_RT = place_R[alive], token_R[alive], real_RT[alive]
        positions_R1 = real_RT.sum(-1, keepdim=True)
        real_RT = torch.cat([real_RT, torch.ones_like(positions_R1)], dim=-1)
        logits_RV = model(
            input_ids=token_R[:, None],
            attention_mask=real_RT,
            position_ids=positions_R1,
            past_key_values=cache,
            use_cache=True,
        ).logits[:, -1]

    rows = [
        Sampled(ids[:length], logps[:length], ended)
        for ids, logps, length, ended in zip(
            ids_RN.tolist(), logp_RN.tolist(), length_R.tolist(), ended_R.tolist(), strict=True
        )
    ]
    left = iter(rows)
    return [[next(left) for _ in each] for each in seeds]


def choose(logits_RV: Tensor, uniform_R: Tensor, *, temperature: float, top_p: float) -> Tensor:
    """One token per row: where `uniform_R` in [0, 1) falls in the cumulated probabilities.

    top_p keeps the likeliest tokens whose probability first reaches that share (Holtzman et al.
    2020), never none.
    """
    if temperature == 0:
        return logits_RV.argmax(-1)
    p_RV = (logits_RV / temperature).double().softmax(-1)
    if top_p < 1:
        sorted_RV, order_RV = p_RV.sort(dim=-1, descending=True, stable=True)
        before_RV = sorted_RV.cumsum(-1) - sorted_RV
        p_RV = p_RV.scatter(-1, order_RV, sorted_RV.masked_fill(before_RV >= top_p, 0.0))
    cumulated_RV = p_RV.cumsum(-1)
    target_R1 = uniform_R[:, None] * cumulated_RV[:, -1:]
    return torch.searchsorted(cumulated_RV, target_R1, right=True)[:, 0].clamp(
        max=logits_RV.shape[-1] - 1
    )


def stop_tokens(model: PreTrainedModel, end: int) -> list[int]:
    """The tokens that end an answer: the tokenizer's and those of the generation config."""
    config = model.generation_config
    extra = config.eos_token_id if config is not None else None
    listed = extra if isinstance(extra, list) else [] if extra is None else [extra]
    return sorted({end, *listed})


def _uniform(seed: int, count: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.random.Generator(np.random.Philox(key=seed)).random(count)
