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
    "project.archive",
}
DELETE = frozenset({"project.delete", "round.delete", "prompt.delete"})

ALLOWED: dict[str, frozenset[str]] = {
    "owner": MANAGE | DELETE | {"team.edit"},
    "manager": MANAGE,
    "reviewer": VIEW | {"label.create"},
    "labeler": frozenset({"team.view", "project.view", "label.create"}),
    "viewer": VIEW | {"dataset.export"},
}
# What an archived project still allows; for the rest it has to be brought back.
WHILE_ARCHIVED = VIEW | DELETE | {"dataset.export", "project.archive"}
ACTIONS = frozenset().union(*ALLOWED.values())


def allows(role: str, action: str) -> bool:
    assert action in ACTIONS, f"unknown action {action}"
    return action in ALLOWED[role]
