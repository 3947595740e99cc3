"""The fixtures of the short forms."""

from tests.training.conftest import policy, pretrained  # noqa: F401
from tests.training.test_ray_launch import cluster, launcher, submitted  # noqa: F401
