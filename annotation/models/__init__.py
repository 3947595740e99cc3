from annotation.models.assignment import Assignment, Seat
from annotation.models.checkpoint import Checkpoint
from annotation.models.dataset import Dataset
from annotation.models.decision import Decision
from annotation.models.event import Event
from annotation.models.job import Job
from annotation.models.label import Label
from annotation.models.project import Guideline, Project, TaskKind
from annotation.models.prompt import Prompt, Split
from annotation.models.response import Response
from annotation.models.round import Round
from annotation.models.step import RoundStep
from annotation.models.task import Task, TaskResponse
from annotation.models.team import ApiToken, Invitation, Membership, Role, Team, User

__all__ = [
    "ApiToken",
    "Assignment",
    "Checkpoint",
    "Dataset",
    "Decision",
    "Event",
    "Guideline",
    "Invitation",
    "Job",
    "Label",
    "Membership",
    "Project",
    "Prompt",
    "Response",
    "Role",
    "Round",
    "RoundStep",
    "Seat",
    "Split",
    "Task",
    "TaskKind",
    "TaskResponse",
    "Team",
    "User",
]
