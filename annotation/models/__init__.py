from annotation.models.assignment import Assignment, Seat
from annotation.models.checkpoint import Checkpoint
from annotation.models.dataset import Dataset
from annotation.models.event import Event
from annotation.models.job import Job
from annotation.models.label import Label
from annotation.models.labeler import Labeler
from annotation.models.project import Guideline, Project
from annotation.models.prompt import Prompt, Split
from annotation.models.rating import Rating
from annotation.models.response import Response
from annotation.models.round import Round
from annotation.models.task import Task, TaskResponse
from annotation.models.team import ApiToken, Invitation, Membership, Role, Team, User

__all__ = [
    "ApiToken",
    "Assignment",
    "Checkpoint",
    "Dataset",
    "Event",
    "Guideline",
    "Invitation",
    "Job",
    "Label",
    "Labeler",
    "Membership",
    "Project",
    "Prompt",
    "Rating",
    "Response",
    "Role",
    "Round",
    "Seat",
    "Split",
    "Task",
    "TaskResponse",
    "Team",
    "User",
]
