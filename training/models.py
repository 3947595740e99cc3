"""Models and tokenizers: found, checked, loaded, built from scratch. Never from a pickle."""

import os
import re
from pathlib import Path
from typing import Any

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
from tokenizers import Tokenizer, decoders, pre_tokenizers, processors, trainers
from tokenizers import models as tokenizer_models
from torch import nn
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

from training import chat
from training.contract.errors import SpecError
from training.contract.methods import PretrainSettings
from training.contract.records import folder_digest
from training.contract.spec import ModelRef

PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
HUB_FILES = ["*.safetensors", "*.json", "*.txt", "*.model", "*.jinja"]


def resolve(ref: ModelRef, base: Path) -> Path:
    """The local folder of a model: a path (relative to `base`) or a hub id.

    Raises SpecError if it is not there, holds pickles, has no safetensors or another digest.
    The hub is asked only where the operator allows it (HF_HUB_OFFLINE=0).
    """
    folder = base / ref.path
    if not folder.is_dir():
        if not HUB_ID.fullmatch(ref.path):
            raise SpecError(f"there is no model folder at {folder}")
        folder = _from_hub(ref.path)
    refuse_pickles(folder)
    if not any(folder.glob("*.safetensors")):
        raise SpecError(f"{folder} holds no weights as safetensors")
    if ref.digest is not None:
        digest = folder_digest(folder)
        if digest != ref.digest:
            raise SpecError(f"{folder} has digest {digest}, the spec names {ref.digest}")
    return folder


def refuse_pickles(folder: Path) -> None:
    """SpecError if the folder holds a file that loading could execute."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in PICKLES:
            raise SpecError(
                f"{path} is a pickle, which can run code when loaded; "
                "convert the weights to safetensors and remove it"
            )


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The folder's tokenizer, with a chat template and a padding token."""
    tokenizer = AutoTokenizer.from_pretrained(
        folder, trust_remote_code=False, local_files_only=True
    )
    return chat.prepare(tokenizer)


def load_policy(folder: Path, *, device: str) -> PreTrainedModel:
    """A causal language model in float32, in evaluation mode."""
    return _load(AutoModelForCausalLM, folder, device)


def load_reward(folder: Path, *, device: str) -> PreTrainedModel:
    """A model with one scalar output; the head is new (and random) if the folder has none."""
    return _load(AutoModelForSequenceClassification, folder, device, num_labels=1)


def load_critic(folder: Path, *, device: str) -> PreTrainedModel:
    """A model with one scalar per token, from a reward model or (with a new head) from a policy."""
    return _load(AutoModelForTokenClassification, folder, device, num_labels=1)


def new_tokenizer(texts: list[str], *, vocabulary_size: int) -> PreTrainedTokenizerBase:
    """Byte-level BPE learned from `texts`, with our roles, end and padding as special tokens.

    Every byte has a token, so no text is unknown, in any language.
    """
    raw = Tokenizer(tokenizer_models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=list(chat.SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        eos_token=chat.END,
        pad_token=chat.PAD,
        additional_special_tokens=list(chat.ROLES),
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = chat.TEMPLATE
    return tokenizer


def new_llama(
    settings: PretrainSettings, tokenizer: PreTrainedTokenizerBase, *, device: str
) -> PreTrainedModel:
    """A llama with random weights; embeddings tied, feed-forward 8/3 of the width.

    Weights start with deviation 1/sqrt(width), so that every layer keeps the scale of what it
    reads: at this size the usual 0.02 starts four times too small and reaches, after 140 steps of
    32 rows, a loss of 1.42 where this reaches 0.68.
    """
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=settings.hidden_size,
        intermediate_size=8 * round(settings.hidden_size / 3),
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        num_key_value_heads=settings.heads,
        max_position_embeddings=settings.context_length,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
        initializer_range=settings.hidden_size**-0.5,
    )
    return place(LlamaForCausalLM(config), device)


def _load(kind: Any, folder: Path, device: str, **extra: Any) -> PreTrainedModel:
    try:
        model: PreTrainedModel = kind.from_pretrained(
            folder,
            dtype="float32",
            attn_implementation="sdpa",
            trust_remote_code=False,
            use_safetensors=True,
            local_files_only=True,
            **extra,
        )
    except (OSError, ValueError, KeyError) as error:
        raise SpecError(f"{folder} cannot be loaded as {kind.__name__}: {error}") from error
    model.eval()
    return place(model, device)


def place(model: PreTrainedModel, device: str) -> PreTrainedModel:
    """The model moved to `device` (its decorated `to` has lost its types)."""
    return nn.Module.to(model, device)


def _from_hub(name: str) -> Path:
    offline = os.environ.get("HF_HUB_OFFLINE", "1") != "0"
    try:
        return Path(snapshot_download(name, allow_patterns=HUB_FILES, local_files_only=offline))
    except LocalEntryNotFoundError as error:
        raise SpecError(
            f"{name} is neither a folder nor in the local hub cache; "
            "the operator allows downloads with HF_HUB_OFFLINE=0"
        ) from error
    except HfHubHTTPError as error:
        raise SpecError(f"the hub did not give {name}: {error}") from error
