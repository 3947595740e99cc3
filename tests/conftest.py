"""What all tests share: a database and a storage of their own."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

# Also where pytest is called by itself: nothing that a test stores lands among this machine's own
# data. Processes that tests start inherit it.
if "WHETSTONE_STORAGE" not in os.environ:
    storage = tempfile.mkdtemp(prefix="whetstone-")
    atexit.register(shutil.rmtree, storage, ignore_errors=True)
    os.environ["WHETSTONE_STORAGE"] = storage
    settings.STORAGE_DIR = Path(storage)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, tmp_path_factory):
    """SQLite in a file, as in life: in memory, threads would share locks that nobody can wait for.

    Each process has its own folder, so runs beside one another do not meet.
    """
    for alias in settings.DATABASES:
        database = connections[alias].settings_dict
        if database["ENGINE"] == "django.db.backends.sqlite3":
            database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("db") / "test.sqlite3")
