"""The model card: what a checkpoint was made from, with digests instead of trust."""

import json
from collections.abc import Mapping

from training.contract.spec import JobSpec


def model_card(spec: JobSpec, *, metrics: dict[str, float], steps: int, tokens: int) -> str:
    """README.md of a checkpoint: method, data, parents, settings, seed, code version, numbers."""
    parents = [
        f"- {name}: `{ref.path}` (`{ref.digest or 'digest not recorded'}`)"
        for name, ref in spec.models().items()
    ]
    numbers = [f"| {name} | {value:.6g} |" for name, value in sorted(metrics.items())]
    parts = [
        "---",
        "library_name: transformers",
        f"tags: [whetstone, {spec.method}]",
        "---",
        f"# {spec.method} checkpoint",
        "",
        f"Trained by job `{spec.job_id}` with `{spec.method}`, seed {spec.seed}, "
        f"{steps} steps, {tokens} tokens.",
        "",
        "## Made from",
        "",
        f"- dataset: `{spec.dataset.kind}` rows, `{spec.dataset.digest}`",
        *(parents or ["- no parent: trained from scratch"]),
        "",
        "## Lineage",
        "",
        _block(spec.lineage),
        "",
        "## Settings",
        "",
        _block(spec.settings),
        "",
        "## Numbers at the end of training",
        "",
        *(["| metric | value |", "| --- | --- |", *numbers] if numbers else ["None were taken."]),
    ]
    return "\n".join(parts) + "\n"


def _block(value: Mapping[str, object]) -> str:
    return "```json\n" + json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n```"
