"""Our losses on whole rows against trl's trainers on the same rows laid out as pairs."""

from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from trl import DPOConfig, DPOTrainer, RewardConfig, RewardTrainer

from training import dpo, models, preferences, reward
from training.contract.methods import DpoSettings, RewardSettings
from training.contract.records import pairs
from training.contract.rows import PreferenceRow
from training.logprobs import token_logps
from training.scoring import response_scores

ROWS: list[PreferenceRow] = [
    {
        "prompt": [{"role": "user", "content": "say red"}],
        "responses": ["green", "red it is.", "red it is. red"],
        "ranks": [3, 1, 2],
    },
    {
        "prompt": [
            {"role": "user", "content": "paint blue"},
            {"role": "assistant", "content": "blue it is."},
            {"role": "user", "content": "say pink"},
        ],
        "responses": ["pink it is.", "pink", "white it is. it is."],
        "ranks": [1, 2, 3],
    },
]
PLAIN: dict[str, Any] = {
    "use_cpu": True,
    "bf16": False,
    "gradient_checkpointing": False,
    "report_to": "none",
    "per_device_train_batch_size": 6,
    "max_length": 64,
    "disable_tqdm": True,
    "dataloader_pin_memory": False,
}


@pytest.fixture(autouse=True)
def no_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """trl reports every trainer that is made, unless told not to."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY", True)


@pytest.fixture(scope="module")
def reference(policy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The policy with noise on its weights, so that reference and policy differ."""
    folder = tmp_path_factory.mktemp("reference")
    torch.manual_seed(5)
    model = models.load_policy(policy, device="cpu")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.02 * torch.randn_like(parameter)
    model.save_pretrained(folder)
    return folder


def trl_pairs(rows: list[PreferenceRow], **extra: bool) -> Dataset:
    found = [pair for row in rows for pair in pairs(row)]
    return Dataset.from_list(
        [
            {
                "prompt": pair.prompt,
                "chosen": [{"role": "assistant", "content": pair.chosen}],
                "rejected": [{"role": "assistant", "content": pair.rejected}],
                **({"margin": pair.margin / 3} if extra.get("margin") else {}),
            }
            for pair in found
        ]
    )


def batch_of(tokenizer: Any, rows: list[PreferenceRow]) -> preferences.GroupBatch:
    groups = preferences.with_comparisons(preferences.encode(tokenizer, rows, max_length=64))
    return preferences.collate(groups, pad=tokenizer.pad_token_id)


@pytest.mark.parametrize(("margin", "center"), [(False, 0.0), (True, 0.0), (False, 0.01)])
def test_reward_loss_equals_trl(policy: Path, tmp_path: Path, margin: bool, center: float):
    tokenizer = models.load_tokenizer(policy)
    torch.manual_seed(0)
    model = models.load_reward(policy, device="cpu")
    model.config.pad_token_id = tokenizer.pad_token_id

    trainer = RewardTrainer(
        model=model,
        args=RewardConfig(
            output_dir=str(tmp_path), center_rewards_coefficient=center or None, **PLAIN
        ),
        train_dataset=trl_pairs(ROWS, margin=margin),
        processing_class=tokenizer,
    )
    theirs = trainer.compute_loss(model, next(iter(trainer.get_train_dataloader())))

    batch = batch_of(tokenizer, ROWS)
    score_R = response_scores(model, batch.ids_RT, batch.real_RT)
    settings = RewardSettings(margin=margin, center_coefficient=center)
    ours = reward.pairs_loss(score_R, batch, settings) / len(ROWS)
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-5)


@pytest.mark.parametrize("kind", ["sigmoid", "hinge", "ipo"])
def test_dpo_loss_and_gradient_equal_trl(policy: Path, reference: Path, tmp_path: Path, kind: str):
    theirs, ours = both_dpo_losses(
        policy, reference, tmp_path, ROWS, DpoSettings(loss=kind, beta=0.3, sft_weight=0.0)
    )

    assert ours[0] == pytest.approx(theirs[0], rel=1e-5)
    assert (ours[1] - theirs[1]).norm() < 1e-4 * theirs[1].norm()


def test_dpo_with_likelihood_term_equals_trl_on_one_pair(
    policy: Path, reference: Path, tmp_path: Path
):
    row: PreferenceRow = {**ROWS[0], "responses": ["red it is.", "green"], "ranks": [1, 2]}

    theirs, ours = both_dpo_losses(
        policy, reference, tmp_path, [row], DpoSettings(beta=0.3, sft_weight=0.2)
    )

    assert ours[0] == pytest.approx(theirs[0], rel=1e-5)
    assert (ours[1] - theirs[1]).norm() < 1e-4 * theirs[1].norm()


def both_dpo_losses(
    policy: Path,
    reference: Path,
    output: Path,
    rows: list[PreferenceRow],
    settings: DpoSettings,
) -> tuple[tuple[float, torch.Tensor], tuple[float, torch.Tensor]]:
    """(loss, gradient of the embeddings) by trl and by us."""
    tokenizer = models.load_tokenizer(policy)
    model = models.load_policy(policy, device="cpu")
    fixed = models.load_policy(reference, device="cpu")
    embeddings = model.get_input_embeddings().weight
    sft = [("sft", settings.sft_weight)] if settings.sft_weight else []
    trainer = DPOTrainer(
        model=model,
        ref_model=fixed,
        args=DPOConfig(
            output_dir=str(output),
            beta=settings.beta,
            loss_type=[settings.loss, *(name for name, _ in sft)],
            loss_weights=[1.0, *(weight for _, weight in sft)],
            **PLAIN,
        ),
        train_dataset=trl_pairs(rows),
        processing_class=tokenizer,
    )
    loss = trainer.compute_loss(model, next(iter(trainer.get_train_dataloader())))
    loss.backward()
    theirs = loss.item(), embeddings.grad.clone()
    model.zero_grad()

    groups = preferences.with_comparisons(preferences.encode(tokenizer, rows, max_length=64))
    groups = dpo.with_reference(groups, fixed, settings, pad=tokenizer.pad_token_id)
    batch = preferences.collate(groups, pad=tokenizer.pad_token_id)
    logp_RT = token_logps(model, batch.ids_RT, batch.mask_RT)
    mine = dpo.preference_loss(logp_RT, batch, settings) / len(rows)
    mine.backward()
    return theirs, (mine.item(), embeddings.grad.clone())
