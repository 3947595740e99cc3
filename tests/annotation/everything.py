"""One of everything, for tests that walk over the whole API."""

from datetime import timedelta

from django.utils import timezone

from annotation.models import (
    ApiToken,
    Assignment,
    Checkpoint,
    Dataset,
    Job,
    Membership,
    Project,
    Prompt,
    Response,
    Round,
    Task,
    TaskKind,
    TaskResponse,
)
from annotation.rounds.recipe import parse_recipe
from annotation.services import invitations


def make_one_of_everything(team, people, folder):
    """{name in the route: its value}"""
    project = Project.objects.create(team=team, name="Demo")
    prompt = Prompt.objects.create(
        project=project,
        messages=[{"role": "user", "content": "Why?"}],
        content_hash="0" * 64,
        split="train",
    )
    steps = [{"name": "preferences", "kind": "aggregate", "reads": {"labels": "imported"}}]
    round_ = Round.objects.create(
        project=project, number=1, recipe=parse_recipe({"steps": steps}).to_json()
    )
    task = Task.objects.create(
        round=round_, project=project, prompt=prompt, kind=TaskKind.COMPARE, position=0
    )
    for index in range(2):
        response = Response.objects.create(prompt=prompt, text=str(index), source="import")
        TaskResponse.objects.create(task=task, response=response, index=index)
    now = timezone.now()
    assignment = Assignment.objects.create(
        task=task,
        labeler=people["labeler"],
        round=round_,
        project=project,
        order=[0, 1],
        leased_at=now,
        expires_at=now + timedelta(hours=1),
    )
    checkpoint = Checkpoint.objects.create(project=project, name="base", kind="base", path="here")
    job = Job.objects.create(
        project=project, round=round_, key="train", method="sft", spec={}, run_dir=str(folder)
    )
    rows = folder / "rows.jsonl"
    rows.write_text("")
    dataset = Dataset.objects.create(
        project=project, key="rows", kind="preference", path=str(rows), digest="sha256:0", rows=0
    )
    token = ApiToken.objects.create(
        user=people["labeler"], name="script", prefix="wst_", digest="0" * 64
    )
    invitation = invitations.invite(team, role="viewer", by=people["owner"])
    return {
        "team_id": team.pk,
        "membership_id": Membership.objects.get(user=people["viewer"]).pk,
        "invitation_id": invitation.pk,
        "token": invitations.token_of(invitation),
        "token_id": token.pk,
        "project_id": project.pk,
        "prompt_id": prompt.pk,
        "round_id": round_.pk,
        "assignment_id": assignment.pk,
        "checkpoint_id": checkpoint.pk,
        "job_id": job.pk,
        "dataset_id": dataset.pk,
    }
