"""What the policy writes, as tensors to learn from, and what a reward model thinks of it."""

# B responses, T tokens

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from training import chat, preferences
from training.records import Message, PreferenceRow
from training.sampling import sample, stop_tokens
from training.scoring import response_scores


@dataclass(frozen=True)
class Rollout:
    """Prompts and their responses, padded on the right. `real_BT` is 1 where not padding,
    `mask_BT` 1 on response tokens, the end token included; `ended_B` is 1 where there is one.
    """

    ids_BT: Tensor
    real_BT: Tensor
    mask_BT: Tensor
    ended_B: Tensor

    def part(self, rows: slice) -> "Rollout":
        return Rollout(
            self.ids_BT[rows], self.real_BT[rows], self.mask_BT[rows], self.ended_B[rows]
        )


def roll_out(
    policy: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[list[int]],
    seeds: Sequence[int],
    *,
    max_new_tokens: int,
    temperature: float,
) -> Rollout:
    """One response of the policy to each prompt (token ids, ready for the answer)."""
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
    device = policy.device
    return Rollout(
        ids_BT=pad_sequence(ids, batch_first=True, padding_value=pad).to(device),
        real_BT=pad_sequence([torch.ones_like(row) for row in ids], batch_first=True).to(device),
        mask_BT=pad_sequence(masks, batch_first=True).to(device),
        ended_B=torch.tensor([float(response.ended) for response in responses]).to(device),
    )


@dataclass(frozen=True)
class Judge:
    """A reward model, reading what a policy with `policy_tokenizer` writes."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    policy_tokenizer: PreTrainedTokenizerBase

    @property
    def reads_policy_tokens(self) -> bool:
        """Whether both mean the same by a token id and by a conversation."""
        mine, other = self.tokenizer, self.policy_tokenizer
        return mine.get_vocab() == other.get_vocab() and mine.chat_template == other.chat_template

    @torch.no_grad()
    def scores(self, rollout: Rollout, conversations: Sequence[list[Message]]) -> Tensor:
        """score_B of each response as an answer to its conversation.

        The policy's own tokens are read where the reward model has the same; else the text is.
        """
        if self.reads_policy_tokens:
            return response_scores(self.model, rollout.ids_BT, rollout.real_BT)
        rows: list[PreferenceRow] = [
            {"prompt": talk, "responses": [self._text(ids, mask)], "ranks": [1]}
            for talk, ids, mask in zip(
                conversations, rollout.ids_BT.tolist(), rollout.mask_BT.tolist(), strict=True
            )
        ]
        groups = preferences.encode(
            self.tokenizer, rows, max_length=int(self.model.config.max_position_embeddings)
        )
        batch = preferences.collate(
            groups, pad=int(self.tokenizer.pad_token_id), device=str(self.model.device)
        )
        return response_scores(self.model, batch.ids_RT, batch.real_RT)

    def _text(self, ids: list[int], mask: list[int]) -> str:
        written = [token for token, counts in zip(ids, mask, strict=True) if counts]
        return chat.decode(self.policy_tokenizer, written)
