"""Role -> allowed actions. The only place where roles mean something."""

VIEW = frozenset(
    {
        "team.view",
        "member.view",
        "project.view",
        "prompt.view",
        "label.view",
        "round.view",
        "job.view",
        "checkpoint.view",
        "dataset.view",
        "event.view",
    }
)
MANAGE = VIEW | {
    "member.edit",
    "invitation.edit",
    "team.audit",
    "project.edit",
    "prompt.edit",
    "label.create",
    "round.edit",
    "job.edit",
    "checkpoint.edit",
    "dataset.export",
}

ALLOWED: dict[str, frozenset[str]] = {
    "owner": MANAGE | {"team.edit"},
    "manager": MANAGE,
    "reviewer": VIEW | {"label.create"},
    "labeler": frozenset({"team.view", "project.view", "label.create"}),
    "viewer": VIEW | {"dataset.export"},
}
ACTIONS = frozenset().union(*ALLOWED.values())


def allows(role: str, action: str) -> bool:
    assert action in ACTIONS, f"unknown action {action}"
    return action in ALLOWED[role]
