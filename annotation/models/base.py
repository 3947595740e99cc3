import uuid

from django.db import models


class Noun(models.Model):
    """A row with a random public id.

    UUIDv4 rather than v7: a time-ordered id would tell a labeler which responses were written in
    the same breath, and so by the same checkpoint.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
