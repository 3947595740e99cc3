"""Rounds that are labeling, for tests: tasks whose responses can be told apart by their text."""

import uuid

from annotation.models import (
    Assignment,
    Checkpoint,
    Membership,
    Prompt,
    Response,
    Role,
    Round,
    TaskKind,
    User,
)
from annotation.models.prompt import content_hash, split_of
from annotation.services import tasks


def make_round(project, n=5, *, responses=2, labels_wanted=1, is_labeling=True):
    """A round with n tasks; `response j of question i` is at canonical index j."""
    number = 1 + Round.objects.filter(project=project).count()
    round_ = Round.objects.create(
        project=project, number=number, state=Round.State.OPEN, is_labeling=is_labeling
    )
    add_tasks(round_, n, responses=responses, labels_wanted=labels_wanted)
    return round_


def add_tasks(round, n, *, responses=2, labels_wanted=1):
    writer, _ = Checkpoint.objects.get_or_create(
        project=round.project, name="writer", defaults={"kind": Checkpoint.Kind.EXTERNAL}
    )
    prompts = []
    for _ in range(n):
        messages = [{"role": "user", "content": f"Question {uuid.uuid4().hex}?"}]
        digest = content_hash(messages)
        prompts.append(
            Prompt(
                project=round.project,
                messages=messages,
                content_hash=digest,
                split=split_of(digest),
            )
        )
    Prompt.objects.bulk_create(prompts)
    written = [
        Response(
            prompt=prompt,
            round=round,
            text=f"response {j}",
            source=Response.Source.CHECKPOINT,
            checkpoint=writer,
            index=j,
        )
        for prompt in prompts
        for j in range(responses)
    ]
    Response.objects.bulk_create(written)
    return tasks.create_tasks(
        round,
        groups=[
            (prompt, written[i * responses : (i + 1) * responses])
            for i, prompt in enumerate(prompts)
        ],
        kind=TaskKind.COMPARE if responses == 2 else TaskKind.RANK,
        labels_wanted=labels_wanted,
    )


def make_labelers(team, n):
    labelers = [
        User.objects.create_user(f"labeler{i}@example.com", name=f"Labeler {i}") for i in range(n)
    ]
    for labeler in labelers:
        Membership.objects.create(team=team, user=labeler, role=Role.LABELER)
    return labelers


def assignment_of(lease):
    """The row behind a lease, with what `submit_label` needs."""
    return Assignment.objects.select_related("task", "project").get(pk=lease.id)


def url(lease_or_id, verb):
    return f"/api/assignments/{getattr(lease_or_id, 'id', lease_or_id)}/{verb}/"


def post(client, path, **body):
    return client.post(path, body, format="json")
