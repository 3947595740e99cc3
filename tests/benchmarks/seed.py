"""Fill an empty database for a benchmark: one project, one round, its tasks, labelers signed in."""

import json
import sys
import uuid
from datetime import timedelta

import django

django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.middleware.csrf import _get_new_csrf_string  # noqa: E402
from django.utils import timezone  # noqa: E402

from annotation.models import (  # noqa: E402
    Checkpoint,
    Membership,
    Project,
    Prompt,
    Response,
    Role,
    Round,
    Task,
    Team,
    User,
)
from annotation.models.prompt import content_hash, split_of  # noqa: E402
from annotation.services.bulk import insert_rows  # noqa: E402
from annotation.services.tasks import create_tasks  # noqa: E402

PASSWORD = "correct horse battery staple"
PARAGRAPH = "Sunlight is made of all colours, and the air scatters blue more than the others. " * 4


def main(plan: dict) -> dict:
    team = Team.objects.create(name="Benchmark")
    project = Project.objects.create(team=team, name="Benchmark")
    round_ = Round.objects.create(
        project=project, number=1, state=Round.State.OPEN, is_labeling=True
    )
    with transaction.atomic():
        make_tasks(round_, plan["tasks"], plan["labels_wanted"])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    labelers = [make_labeler(team, i) for i in range(plan["labelers"])]
    return {
        "project": str(project.pk),
        "round": str(round_.pk),
        "labelers": [str(user.pk) for user, _ in labelers],
        "sessions": [session for _, session in labelers],
    }


def make_tasks(round_: Round, n: int, labels_wanted: int) -> None:
    writer = Checkpoint.objects.create(
        project=round_.project, name="writer", kind=Checkpoint.Kind.EXTERNAL
    )
    prompts, responses = [], []
    for i in range(n):
        messages = [{"role": "user", "content": f"Question {i}: why is the sky blue?"}]
        digest = content_hash(messages)
        prompt = Prompt(
            id=uuid.uuid4(), messages=messages, content_hash=digest, split=split_of(digest)
        )
        prompts.append(prompt)
        responses.append(
            [
                Response(id=uuid.uuid4(), prompt=prompt, text=f"{PARAGRAPH} {i} {j}", index=j)
                for j in range(2)
            ]
        )
    insert_rows(
        Prompt,
        ["id", "project_id", "messages", "content_hash", "split"],
        ((p.pk, round_.project_id, p.messages, p.content_hash, p.split) for p in prompts),
    )
    insert_rows(
        Response,
        ["id", "prompt_id", "round_id", "checkpoint_id", "text", "source", "index"],
        (
            (r.pk, r.prompt_id, round_.pk, writer.pk, r.text, "checkpoint", r.index)
            for pair in responses
            for r in pair
        ),
    )
    create_tasks(
        round_,
        groups=list(zip(prompts, responses, strict=True)),
        kind="compare",
        labels_wanted=labels_wanted,
    )
    assert Task.objects.filter(round=round_).count() == n


def make_labeler(team: Team, i: int) -> tuple[User, tuple[str, str]]:
    """A member with an open session, as signing in leaves it."""
    user = User(email=f"labeler{i}@example.com", name=f"Labeler {i}", last_seen_at=timezone.now())
    user.set_password(PASSWORD) if i == 0 else user.set_unusable_password()
    user.save()
    Membership.objects.create(team=team, user=user, role=Role.LABELER)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.set_expiry(timedelta(days=1))
    session.create()
    assert session.session_key
    return user, (session.session_key, _get_new_csrf_string())


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
