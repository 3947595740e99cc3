"""Write K responses to every prompt; a killed job goes on where it was."""

import json
import os
from pathlib import Path
from typing import TypedDict

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from training import chat, models, optim
from training.contract import progress, records
from training.contract.errors import SpecError
from training.contract.methods import GenerateSettings
from training.contract.rows import PromptRow
from training.contract.settings import Sampling
from training.run import Result, Run
from training.sampling import Sampled, response_seed, sample, stop_tokens


class Written(TypedDict):
    """A response of a model: `logprob` is that of the whole response, in nats."""

    text: str
    tokens: int
    seed: int
    finish_reason: str
    logprob: float


class WrittenRow(TypedDict):
    """A line of RUN/responses.jsonl."""

    ids: dict[str, object]
    responses: list[Written]


def run(run: Run) -> Result:
    settings = run.settings(GenerateSettings)
    folder = run.model_path(run.spec.model)
    tokenizer = models.load_tokenizer(folder)
    model = models.load_policy(folder, device=run.device)
    rows: list[PromptRow] = run.rows()
    prompts = encode(tokenizer, model, rows, settings)
    partial = run.directory / "responses.partial.jsonl"
    done = read_partial(partial)
    progress.cut_metrics(run.directory, len(done))

    run.step = len(done)
    run.begin(len(rows))
    for batch in batches(prompts, settings):
        left = [i for i in batch if i not in done]
        if not left:
            continue
        with optim.precision(run.device, bf16=settings.bf16):
            sampled = write(model, tokenizer, run, settings, left, rows, prompts)
        fresh = {
            i: response_row(run, tokenizer, rows[i], each)
            for i, each in zip(left, sampled, strict=True)
        }
        append_partial(partial, fresh)
        done |= fresh
        run.step = len(done)
        run.pulse.update(step=run.step)
        run.report_now(summary(list(fresh.values())))
        run.stop_if_asked()

    written = [done[i] for i in range(len(rows))]
    digest = records.write_rows(run.directory / "responses.jsonl", written)
    partial.unlink(missing_ok=True)
    run.tokens = sum(response["tokens"] for row in written for response in row["responses"])
    return Result(
        metrics=summary(written), outputs={"responses": "responses.jsonl", "digest": digest}
    )


def encode(
    tokenizer: PreTrainedTokenizerBase,
    model: PreTrainedModel,
    rows: list[PromptRow],
    settings: Sampling,
) -> list[list[int]]:
    """Each prompt's tokens, leaving room for the response in what the model can see."""
    window = min(settings.max_length, model.config.max_position_embeddings)
    room = window - settings.max_new_tokens
    if room < 1:
        raise SpecError(
            f"max_new_tokens {settings.max_new_tokens} leaves no room for a prompt "
            f"in {window} tokens"
        )
    return chat.encode_prompts(tokenizer, [row["prompt"] for row in rows], max_tokens=room)


def batches(prompts: list[list[int]], settings: GenerateSettings) -> list[list[int]]:
    """Row numbers, longest prompts first (memory runs out at once or never), alike together."""
    order = sorted(range(len(prompts)), key=lambda i: (-len(prompts[i]), i))
    size = max(1, settings.batch_size // settings.responses_per_prompt)
    return [order[i : i + size] for i in range(0, len(order), size)]


def seeds(run: Run, row: PromptRow, count: int) -> list[int]:
    """One seed per response, from the job's seed and the prompt's id (or text, without an id)."""
    name = str(row.get("ids", {}).get("prompt") or json.dumps(row["prompt"], sort_keys=True))
    return [response_seed(run.spec.seed, name, k) for k in range(count)]


def write(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    run: Run,
    settings: Sampling,
    numbers: list[int],
    rows: list[PromptRow],
    prompts: list[list[int]],
) -> list[list[Sampled]]:
    """The responses to the numbered rows."""
    return sample(
        model,
        [prompts[i] for i in numbers],
        [seeds(run, rows[i], settings.responses_per_prompt) for i in numbers],
        stop=stop_tokens(model, int(tokenizer.eos_token_id)),
        pad=int(tokenizer.pad_token_id),
        max_new_tokens=settings.max_new_tokens,
        temperature=settings.temperature,
        top_p=settings.top_p,
    )


def response_row(
    run: Run, tokenizer: PreTrainedTokenizerBase, row: PromptRow, sampled: list[Sampled]
) -> WrittenRow:
    """The responses to one row."""
    return {
        "ids": row.get("ids", {}),
        "responses": [
            {
                "text": chat.decode(tokenizer, one.ids),
                "tokens": len(one.ids),
                "seed": seed,
                "finish_reason": "stop" if one.ended else "length",
                "logprob": round(sum(one.logprobs), 4),
            }
            for one, seed in zip(sampled, seeds(run, row, len(sampled)), strict=True)
        ],
    }


def summary(written: list[WrittenRow]) -> dict[str, float]:
    """Means over responses: length in tokens, share that ended by itself."""
    responses = [response for row in written for response in row["responses"]]
    count = max(1, len(responses))
    return {
        "response_length": sum(r["tokens"] for r in responses) / count,
        "eos_rate": sum(r["finish_reason"] == "stop" for r in responses) / count,
    }


def append_partial(path: Path, rows: dict[int, WrittenRow]) -> None:
    """Add finished rows, durably: what is in the file need not be written again."""
    lines = [json.dumps({"row": i, **row}, ensure_ascii=False) + "\n" for i, row in rows.items()]
    with path.open("a", encoding="utf-8") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())


def read_partial(path: Path) -> dict[int, WrittenRow]:
    """The rows finished before a kill, by number; a line cut in the middle is cut off the file."""
    if not path.exists():
        return {}
    content = path.read_bytes()
    complete = content[: content.rfind(b"\n") + 1]
    if len(complete) < len(content):
        os.truncate(path, len(complete))
    rows = [json.loads(line) for line in complete.splitlines()]
    return {row.pop("row"): row for row in rows}
