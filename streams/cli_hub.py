"""命令行(運転): broker, topics, key, city, 基準日, run and stop."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from connectors.secrets import create_key_file
from streams import commands, daemons, topics
from streams.cli_shared import (
    AsJson,
    answering_bootstrap,
    console,
    fail,
    listing,
    print_json,
    readable_errors,
)
from streams.local.kafka import running, start_broker, stop_broker
from streams.settings import settings

broker_app = typer.Typer(help="ブローカー: the local Apache Kafka.", no_args_is_help=True)
topics_app = typer.Typer(help="トピック: what flows between the stages.", no_args_is_help=True)
city_app = typer.Typer(
    help="合成の市: a synthetic city in the formats that real systems deliver.", no_args_is_help=True
)
kijunbi_app = typer.Typer(
    help="基準日: the business day; nothing in the ledger reads a clock.", no_args_is_help=True
)
database_app = typer.Typer(help="投影のデータベース: the tables that staff look at.", no_args_is_help=True)
key_app = typer.Typer(help="鍵: the key of the cipher for 個人番号 and 口座番号.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """命令を加える。"""
    app.add_typer(broker_app, name="broker")
    app.add_typer(topics_app, name="topics")
    app.add_typer(city_app, name="city")
    app.add_typer(kijunbi_app, name="kijunbi")
    app.add_typer(key_app, name="key")
    app.add_typer(database_app, name="database")
    app.command("run")(run)
    app.command("stop")(stop)
    app.command("status")(status)


@broker_app.command("start")
def broker_start() -> None:
    """起動: start the local broker (jars fetched once) and print its address; it runs until `shuunou stop`."""
    conf = settings()
    with readable_errors():
        broker = start_broker(conf.home, heap=conf.heap, notify=console.print)
    console.print(broker.bootstrap)


@broker_app.command("stop")
def broker_stop() -> None:
    """停止: stop the local broker; its data stay."""
    console.print("stopped" if stop_broker(settings().home) else "was not running")


@broker_app.command("status")
def broker_status(as_json: AsJson = False) -> None:
    """状況: whether the local broker runs, and where; exit code 1 when it does not."""
    broker = running(settings().home)
    if as_json:
        print_json({"running": broker is not None, "bootstrap": broker.bootstrap if broker else None})
    else:
        console.print(f"running at {broker.bootstrap}" if broker else "not running")
    raise typer.Exit(0 if broker else 1)


@topics_app.command("list")
def topics_list(as_json: AsJson = False) -> None:
    """一覧: every topic, who writes and who reads it, its partitions and how many records it holds."""
    conf = settings()
    with readable_errors():
        counted = topics.count(answering_bootstrap(conf), dict(conf.security))
    if as_json:
        print_json(
            [
                {
                    **c.topic._asdict(),
                    "exists": c.exists,
                    "partitions": c.partitions,
                    "records": c.records,
                }
                for c in counted
            ]
        )
        return
    table = listing(None, "topic", "", "key", "writer", "readers", "partitions", "records")
    for c in counted:
        shown = str(c.partitions) if c.exists else "missing"
        t = c.topic
        table.add_row(t.name, t.ja, t.key, t.producer, ", ".join(t.consumers), shown, f"{c.records:,}")
    console.print(table)
    console.print("records: offsets, control records of transactions among them", style="dim")


@topics_app.command("create")
def topics_create() -> None:
    """作成: create the topics that are missing; changes none that exist."""
    conf = settings()
    with readable_errors():
        created = topics.create(
            answering_bootstrap(conf), conf.partition_count, dict(conf.security), conf.replication
        )
    console.print("\n".join(created) or "nothing is missing")


@key_app.command("create")
def key_create() -> None:
    """作成: make the key file (mode 600) if there is none. Keep a copy: without it nothing sealed opens."""
    path = settings().key_path
    existed = path.exists()
    create_key_file(path)
    console.print(f"{path}: {'was there' if existed else 'made'}")


@city_app.command("make")
def city_make(
    persons: Annotated[int, typer.Option(min=1, help="How many persons.")] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same city, byte for byte.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Where to; <home>/city by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """作成: write the files of a synthetic city, with the trouble that real files contain."""
    from streams.cityfiles import make_files

    conf = settings()
    folder = out or conf.home / "city"
    with readable_errors():
        manifest = make_files(persons, seed, folder, conf.jichitai_code, quiet=as_json)
    if as_json:
        print_json(manifest)
        return
    console.print(f"{folder}: {len(manifest['files'])} files, {persons:,} persons, seed {seed}")


@kijunbi_app.command("advance")
def kijunbi_advance(
    day: Annotated[str, typer.Argument(help="The day that has come, YYYY-MM-DD.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without it, only say what would be done.")
    ] = False,
) -> None:
    """進める: announce that a business day has come; cases open, 督促 become due. A day cannot be taken back."""
    conf = settings()
    try:
        on = date.fromisoformat(day)
    except ValueError:
        fail(f"day {day!r}: expected YYYY-MM-DD", code=2)
    with readable_errors():
        bootstrap, client = answering_bootstrap(conf), dict(conf.security)
        # as the broker has it: a day that only some partitions were told would leave cases unopened
        count = topics.partition_count(bootstrap, client, commands.KIJUNBI)
        if not yes:
            console.print(f"基準日 {on} would be announced to {count} partitions, for good; repeat with --yes")
            return
        messages = commands.kijunbi_messages(on, count, conf.jichitai_code)
        commands.send(bootstrap, client, f"{conf.application}-kijunbi", messages)
    console.print(f"基準日 {on}: announced to {count} partitions")


@database_app.command("migrate")
def database_migrate() -> None:
    """移行: bring the projection's tables to the newest revision; doing it again changes nothing."""
    from connectors.migrations import migrate

    with readable_errors():
        console.print(f"revision {migrate(settings().database)}")


def run(
    persons: Annotated[int, typer.Option(min=1, help="Persons of the synthetic city.")] = 2000,
    seed: Annotated[int, typer.Option(help="Its seed.")] = 1,
    json_path: Annotated[
        Path | None, typer.Option("--json", help="Write the figures to this file too, for scripts.")
    ] = None,
) -> None:
    """運転: broker, topics, worker, connectors; a synthetic city's files through every stage; its figures.

    What it started goes on in the background until `shuunou stop`; Ctrl-C ends all of it.
    """
    from streams.run import Run

    with readable_errors():
        raise typer.Exit(Run(settings(), persons, seed, json_path).go())


def stop() -> None:
    """停止: end everything that `shuunou run` left working: connectors, worker, broker. Data stay."""
    home = settings().home
    for name in daemons.names(home):
        console.print(f"{name}: {'stopped' if daemons.stop(home, name) else 'was not running'}")
    console.print(f"broker: {'stopped' if stop_broker(home) else 'was not running'}")


def status(as_json: AsJson = False) -> None:
    """状況: what runs, how far each stage and sink is behind; exit code 1 when something does not run.

    Where the broker is away, how far nobody can tell: null in JSON. `problems` of a sink are records that it
    could not hand over, ever.
    """
    from streams.connecting import sink_lag, sinks
    from streams.status import Lags
    from streams.topics import STAGES

    conf = settings()
    processes = {name: daemons.pid_of(conf.home, name) for name in daemons.names(conf.home)}
    told: dict[str, Any] = {"processes": processes, "lag": None, "sinks": None}
    if not as_json:
        for name, pid in processes.items():
            console.print(f"{name}: {f'runs ({pid})' if pid else 'does not run'}")
    try:
        with readable_errors():
            bootstrap = answering_bootstrap(conf)
            behind = Lags(bootstrap, conf.security, conf.application).of(STAGES)
            targets = [sink_lag(name, make) for name, make in sinks(conf, bootstrap).items()]
        told |= {"lag": [each._asdict() for each in behind], "sinks": [each._asdict() for each in targets]}
    finally:  # what runs is told even where the broker is away
        if as_json:
            print_json({"at": datetime.now().astimezone(), **told})
    if not as_json:
        for stage in behind:
            console.print(f"{stage.stage}: {stage.lag:,} behind")
        for sink in targets:
            standing = sink.waiting or f"{sink.lag:,} behind, {sink.problems:,} problems"
            console.print(f"{sink.sink}: {standing}")
    raise typer.Exit(0 if all(processes.values()) else 1)
