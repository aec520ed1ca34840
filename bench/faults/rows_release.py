"""行(版): 17 a newer release beside the older one, and taken back again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from bench.faults.crew import Member
from bench.faults.load import shuffled
from bench.faults.nursery import ROOT
from bench.faults.preloaded import Exec
from bench.faults.world import World
from connectors.tables import newest
from schemas.codec import NewerRelease, version_of
from streams.engine.stage import EXIT_STOPPED
from streams.local.process import wait_until

PACKAGES = ("connectors", "schemas", "state", "streams")
GROWN = "matching/match_entry"
"""What the newer release keeps in another version: rows of the index, which every payment asks. The judge
reads none of them, so that it may stay one of the older release."""


def next_release(folder: Path) -> Path:
    """次の版を作る: a copy of the hub with one more version of a schema, registered by its own command."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    last = newest(GROWN)
    avsc = json.loads((folder / f"schemas/avro/{last}.avsc").read_text("utf-8"))
    avsc["doc"] += "次の版。"
    following = folder / f"schemas/avro/{GROWN}.v{version_of(last) + 1}.avsc"
    following.write_text(json.dumps(avsc, ensure_ascii=False), "utf-8")
    command = [sys.executable, "-m", "streams", "schema", "register"]
    subprocess.run(command, cwd=folder, env={"PYTHONPATH": str(folder)}, check=True, capture_output=True)
    return folder


def released(world: World) -> None:
    """17: what the newer release wrote, the older one does not read: it stops and says why, and the newer
    one goes on from there."""
    newer = next_release(world.home / "next-release")
    world.crew.nurse = Exec({})
    # in any order: else nearly all bills are indexed before the newer release comes
    world.begin(arrange=lambda items: shuffled(items, world.site.seed))
    world.during(0.2)
    if len(world.workers) == 1:
        world.crew.add(world.worker(1))
    *older, other = world.workers
    world.crew.stop(other.name)
    _upgrade(other, newer)
    world.crew.start(other.name)
    world.crew.wait_ready(other.name)
    world.during(0.3)
    world.crew.stop(other.name)
    stopped = f"worker {EXIT_STOPPED}"
    has_stopped = wait_until(lambda: world.crew.codes[stopped] > 0, 60, 0.1)
    world.figures["older ones that stopped, times"] = world.crew.codes[stopped]
    world.claim("the older release stopped", has_stopped, dict(world.crew.codes))
    world.claim("it said why", any(_says_why(member) for member in older), NewerRelease.__name__)
    world.crew.stop(*(member.name for member in older))
    for member in older:
        _upgrade(member, newer)
    world.crew.start()
    world.crew.wait_ready()
    world.during(0.2)


def _upgrade(member: Member, release: Path) -> None:
    member.settings["PYTHONPATH"] = str(release)


def _says_why(member: Member) -> bool:
    logs = member.home.glob(f"{member.name}.*.log")
    return any(f'"error": "{NewerRelease.__name__}"' in log.read_text("utf-8", "replace") for log in logs)
