"""Files that are either the old version or the new one, never half of each."""

import json
import os
from pathlib import Path


def write_atomically(path: Path, text: str, *, durable: bool = True) -> None:
    """Replace `path` by `text` in one step that readers and kills cannot see the middle of.

    `durable` also survives a power cut (fsync of the file and its directory); a heartbeat,
    which is rewritten every second, does without.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        if durable:
            os.fsync(file.fileno())
    draft.replace(path)
    if durable:
        sync_directory(path.parent)


def write_json(path: Path, value: object, *, durable: bool = True) -> None:
    """Write `value` as JSON atomically. NaN and infinity are refused (they are not JSON)."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1)
    write_atomically(path, text + "\n", durable=durable)


def read_json(path: Path) -> object:
    """The JSON in `path`, or None where there is no such file."""
    try:
        found: object = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def sync_directory(path: Path) -> None:
    """Make the creations and renames inside `path` durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(path: Path) -> None:
    """Make a folder that someone else wrote durable, before it is renamed into place."""
    for part in sorted(path.rglob("*"), reverse=True):
        if part.is_dir():
            sync_directory(part)
        else:
            sync_file(part)
    sync_directory(path)


def sync_file(path: Path) -> None:
    """Make the content of a file that someone else wrote durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
