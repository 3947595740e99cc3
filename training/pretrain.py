"""A language model from nothing: learn a tokenizer, then the language, from the dataset's text."""

from transformers import PreTrainedTokenizerBase

from training import chat, models
from training.chat import Encoded
from training.contract.methods import PretrainSettings
from training.contract.rows import TextRow
from training.data import split_rows
from training.run import Result, Run
from training.sft import fit


def run(run: Run) -> Result:
    settings = run.settings(PretrainSettings)
    train, held_out = split_rows(run.rows())
    tokenizer = models.new_tokenizer(
        [text for row in train for text in texts(row)], vocabulary_size=settings.vocabulary_size
    )
    model = models.new_llama(settings, tokenizer, device=run.device)
    if settings.gradient_checkpointing:
        model.gradient_checkpointing_enable()

    train_rows, eval_rows = encode(tokenizer, train), encode(tokenizer, held_out)
    metrics = fit(run, settings, model, tokenizer, train_rows, eval_rows)
    return Result(metrics=metrics, outputs=run.save_final(model, tokenizer, metrics))


def texts(row: TextRow) -> list[str]:
    """What a row teaches the tokenizer: its text, or the content of each message."""
    return [row["text"]] if "text" in row else [m["content"] for m in row["messages"]]


def encode(tokenizer: PreTrainedTokenizerBase, rows: list[TextRow]) -> list[Encoded]:
    """Conversations through the chat template, plain texts as they are."""
    talks = [row["messages"] for row in rows if "messages" in row]
    plain = [row["text"] for row in rows if "text" in row]
    return chat.encode_conversations(tokenizer, talks) + chat.encode_texts(tokenizer, plain)
