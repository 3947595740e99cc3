"""Ranked responses as batches that read each response once, however many pairs it takes part in.

Four ranked responses are six pairs; read pair by pair that is twelve sequences, here it is four,
with all six pairs in one loss (Ouyang et al. 2022, section 3.5).
"""

# R responses of a batch of rows, T tokens, P pairs; G rows (groups of responses)

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TypedDict

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from training import chat
from training.contract.errors import SpecError
from training.contract.records import pairs
from training.contract.rows import Message, PreferenceRow


@dataclass(frozen=True)
class Comparison:
    """Response `better` beat `worse` of the same row; `weight` is a share of its row's say."""

    better: int
    worse: int
    weight: float
    margin: float


@dataclass(frozen=True)
class Group:
    """One row as tokens. `best` are the responses with the best balance of won and lost pairs.

    `cut` counts responses too long to be taken whole with their prompt. `reference` is filled in
    where a loss needs it: each response's log-probability under the reference.
    """

    prompts: list[list[int]]
    responses: list[list[int]]
    comparisons: list[Comparison]
    best: list[int]
    cut: int = 0
    reference: list[float] | None = None

    @property
    def length(self) -> int:
        """Tokens of the longest prompt and response."""
        both = zip(self.prompts, self.responses, strict=True)
        return max(len(prompt) + len(response) for prompt, response in both)


@dataclass(frozen=True)
class GroupBatch:
    """Rows side by side. `group_R` tells whose a response is; pairs index responses.

    The weights of a batch of G rows sum to about G, so `(weight_P * loss_P).sum() / G` is the mean.
    """

    ids_RT: Tensor
    real_RT: Tensor
    mask_RT: Tensor
    group_R: Tensor
    chosen_P: Tensor
    rejected_P: Tensor
    weight_P: Tensor
    margin_P: Tensor
    best_R: Tensor
    reference_R: Tensor


def encode(
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[PreferenceRow],
    *,
    max_length: int,
    soft_ties: bool = False,
) -> list[Group]:
    """One group per row, in order, also where it has no comparisons.

    A response ends with the end token. Where prompt and response are longer than `max_length`, the
    oldest tokens of the prompt go; where the response alone is, its last tokens go.
    """
    talks: list[list[Message]] = [
        [*row["prompt"], {"role": "assistant", "content": text}]
        for row in rows
        for text in row["responses"]
    ]
    encoded = iter(chat.encode_conversations(tokenizer, talks))
    end = int(tokenizer.eos_token_id)
    groups = []
    for row in rows:
        prompts, responses, cut = [], [], 0
        for _ in row["responses"]:
            talk = next(encoded)
            prompt, response = last_answer(talk.ids, talk.answer, end=end)
            kept = response[: max_length - 1]
            room = max_length - len(kept)
            cut += len(prompt) > room or len(response) > len(kept)
            prompts.append(prompt[-room:])
            responses.append(kept)
        found = comparisons(row, soft_ties=soft_ties)
        best = best_responses(len(responses), found)
        groups.append(Group(prompts, responses, found, best, cut))
    return groups


def last_answer(ids: list[int], answer: list[int], *, end: int) -> tuple[list[int], list[int]]:
    """(prompt, response): the answer that the tokens end with, up to its end token.

    Some templates write a line break after the end token, which generation never reaches.
    """
    start = len(ids)
    while start and answer[start - 1]:
        start -= 1
    response = ids[start:]
    if end in response:
        response = response[: response.index(end) + 1]
    return ids[:start], response


def with_comparisons(groups: Sequence[Group]) -> list[Group]:
    """The groups that say anything, their weights scaled to sum to 1 per group on average."""
    telling = [group for group in groups if group.comparisons]
    if not telling:
        raise SpecError("no training row has a comparison: all are tied or cannot be ranked")
    scale = len(telling) / sum(one.weight for group in telling for one in group.comparisons)
    return [
        replace(
            group,
            comparisons=[replace(one, weight=one.weight * scale) for one in group.comparisons],
        )
        for group in telling
    ]


def comparisons(row: PreferenceRow, *, soft_ties: bool = False) -> list[Comparison]:
    """The row's pairs, weighted so that a row's say does not grow with how many pairs it has.

    Each weight is divided by the number of different pairs of responses. With `soft_ties`, equal
    ranks (where the row has no weights) ask for equality: half a comparison each way.

    >>> row = {"prompt": [], "responses": ["a", "b", "c"], "ranks": [1, 2, 2]}
    >>> [(c.better, c.worse, c.weight) for c in comparisons(row)]
    [(0, 1, 0.5), (0, 2, 0.5)]
    """
    found = [Comparison(pair.i, pair.j, pair.weight, pair.margin) for pair in pairs(row)]
    if soft_ties and row.get("weights") is None:
        ranks = row["ranks"]
        found += [
            Comparison(i, j, 0.5, 0.0)
            for i, mine in enumerate(ranks)
            for j, other in enumerate(ranks)
            if i != j and mine is not None and mine == other
        ]
    different = len({frozenset((one.better, one.worse)) for one in found})
    return [Comparison(one.better, one.worse, one.weight / different, one.margin) for one in found]


def best_responses(count: int, found: Sequence[Comparison]) -> list[int]:
    """The responses of the greatest balance, won minus lost; none where nobody leads."""
    balance = [0.0] * count
    for one in found:
        balance[one.better] += one.weight
        balance[one.worse] -= one.weight
    top = max(balance, default=0.0)
    return [i for i, value in enumerate(balance) if value == top] if top > 0 else []


def decided_pairs(row: PreferenceRow) -> list[tuple[int, int]]:
    """(better, worse) for every two responses that more weight says so of than the other way."""
    weight: dict[tuple[int, int], float] = {}
    for pair in pairs(row):
        weight[pair.i, pair.j] = weight.get((pair.i, pair.j), 0.0) + pair.weight
    return [(i, j) for (i, j), w in weight.items() if w > weight.get((j, i), 0.0)]


class Judged(TypedDict):
    """A line of RUN/pairs.jsonl: i is the preferred response, `margin` its score minus j's."""

    ids: dict[str, object]
    i: int
    j: int
    correct: float
    margin: float


def judge(row: PreferenceRow, scores: Sequence[float]) -> list[Judged]:
    """How `scores` (one per response) stand to each decided pair of the row.

    `correct` is 1, 0, or 0.5 where the scores are equal.
    """
    return [
        {
            "ids": {"prompt": row.get("ids", {}).get("prompt")},
            "i": i,
            "j": j,
            "correct": 0.5 if scores[i] == scores[j] else float(scores[i] > scores[j]),
            "margin": scores[i] - scores[j],
        }
        for i, j in decided_pairs(row)
    ]


def agreement(judged: Sequence[Judged]) -> dict[str, float]:
    """Share of judged pairs that came out right, and their number; nothing without pairs."""
    if not judged:
        return {}
    right = sum(pair["correct"] for pair in judged)
    return {"eval/accuracy": right / len(judged), "eval/pairs": float(len(judged))}


def left_out(groups: Sequence[Group]) -> dict[str, float]:
    """What training does not see of its rows, for the result: never silently."""
    return {
        "train/rows": float(len(groups)),
        "train/rows_without_pairs": float(sum(not group.comparisons for group in groups)),
        "train/responses_cut": float(sum(group.cut for group in groups)),
    }


def collate(groups: Sequence[Group], *, pad: int, device: str = "cpu") -> GroupBatch:
    """Pad the responses, each after its prompt, to one rectangle (on the right).

    >>> group = Group([[5, 6], [5, 6]], [[7, 2], [8, 9, 2]], [Comparison(1, 0, 1.0, 1.0)], [1])
    >>> batch = collate([group], pad=0)
    >>> batch.ids_RT.tolist(), batch.mask_RT.tolist()
    ([[5, 6, 7, 2, 0], [5, 6, 8, 9, 2]], [[0, 0, 1, 1, 0], [0, 0, 1, 1, 1]])
    >>> batch.chosen_P.tolist(), batch.rejected_P.tolist(), batch.best_R.tolist()
    ([1], [0], [0, 1])
    """
    sequences = [
        both for group in groups for both in zip(group.prompts, group.responses, strict=True)
    ]
    width = max(len(prompt) + len(answer) for prompt, answer in sequences)
    ids_RT = torch.full((len(sequences), width), pad)
    real_RT = torch.zeros((len(sequences), width), dtype=torch.long)
    mask_RT = torch.zeros((len(sequences), width), dtype=torch.long)
    for r, (prompt, answer) in enumerate(sequences):
        end = len(prompt) + len(answer)
        ids_RT[r, :end] = torch.tensor(prompt + answer)
        real_RT[r, :end] = 1
        mask_RT[r, len(prompt) : end] = 1
    first = [0, *accumulate(len(group.responses) for group in groups)]
    found = [(start, one) for start, g in zip(first, groups, strict=False) for one in g.comparisons]
    reference = [x for group in groups for x in group.reference or [0.0] * len(group.responses)]
    best = {start + i for start, group in zip(first, groups, strict=False) for i in group.best}
    return GroupBatch(
        ids_RT=ids_RT.to(device),
        real_RT=real_RT.to(device),
        mask_RT=mask_RT.to(device),
        group_R=torch.tensor([g for g, group in enumerate(groups) for _ in group.responses]).to(
            device
        ),
        chosen_P=torch.tensor([s + one.better for s, one in found], dtype=torch.long).to(device),
        rejected_P=torch.tensor([s + one.worse for s, one in found], dtype=torch.long).to(device),
        weight_P=torch.tensor([one.weight for _, one in found]).to(device),
        margin_P=torch.tensor([one.margin for _, one in found]).to(device),
        best_R=torch.tensor([int(r in best) for r in range(len(sequences))]).to(device),
        reference_R=torch.tensor(reference).to(device),
    )
