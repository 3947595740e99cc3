"""What the policy writes, as tensors to learn from, and what a reward model thinks of it."""

# B responses, T tokens

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from training import chat, preferences
from training.contract.rows import Message, PreferenceRow
from training.sampling import sample, stop_tokens
from training.scoring import response_scores


@dataclass(frozen=True)
class Rollout:
    """Prompts and their responses, padded on the right. `mask_BT` is 1 on response tokens, the end
    token included; `ended_B` is 1 where there is one. `texts` are the responses as people see them.
    """

    conversations: list[list[Message]]
    texts: list[str]
    ids_BT: Tensor
    mask_BT: Tensor
    ended_B: Tensor


def roll_out(
    policy: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    conversations: Sequence[list[Message]],
    prompts: Sequence[list[int]],
    seeds: Sequence[int],
    *,
    max_new_tokens: int,
    temperature: float,
) -> Rollout:
    """One response of the policy to each conversation, whose tokens are `prompts`."""
    pad = int(tokenizer.pad_token_id)
    written = sample(
        policy,
        prompts,
        [[seed] for seed in seeds],
        stop=stop_tokens(policy, int(tokenizer.eos_token_id)),
        pad=pad,
        max_new_tokens=max_new_tokens,
        temperature=temperature,
    )
    responses = [only for (only,) in written]
    both = list(zip(prompts, responses, strict=True))
    ids = [torch.tensor(prompt + response.ids) for prompt, response in both]
    masks = [torch.tensor([0] * len(p) + [1] * len(r.ids)) for p, r in both]
    return Rollout(
        conversations=list(conversations),
        texts=[chat.decode(tokenizer, response.ids) for response in responses],
        ids_BT=pad_sequence(ids, batch_first=True, padding_value=pad).to(policy.device),
        mask_BT=pad_sequence(masks, batch_first=True).to(policy.device),
        ended_B=torch.tensor([float(one.ended) for one in responses]).to(policy.device),
    )


@torch.no_grad()
def text_scores(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    conversations: Sequence[list[Message]],
    texts: Sequence[str],
) -> Tensor:
    """score_B of each text as the answer to its conversation, by a reward model.

    It reads the text that people would see, not the policy's tokens: so it may have another
    vocabulary, and no invisible token or odd spelling out of tokens can please it.
    """
    rows: list[PreferenceRow] = [
        {"prompt": conversation, "responses": [text], "ranks": [1]}
        for conversation, text in zip(conversations, texts, strict=True)
    ]
    window = int(model.config.max_position_embeddings)
    groups = preferences.encode(tokenizer, rows, max_length=window)
    pad = int(tokenizer.pad_token_id)
    batch = preferences.collate(groups, pad=pad, device=str(model.device))
    return response_scores(model, batch.ids_RT, batch.real_RT)
