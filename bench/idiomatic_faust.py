"""ふつうの Faust: the same fold as an agent written the way Faust's guide has it, for comparison.

JSON in, a table with a JSON value for each 期別, one table write and its facts for each event,
`at_least_once`, which
is Faust's default: after a crash it may count a payment twice, where the hub may not. It keeps no agenda of
days and
no case of the person, which spares it work. Run by `bench/flow.py`, as a process of its own:
`python bench/idiomatic_faust.py BOOTSTRAP PARTITIONS DATADIR`.
"""

from __future__ import annotations

import sys
from typing import Any

import faust

NAME = "idiomatic"
EVENT, FACT, CHANGELOG = "idiomatic.event", "idiomatic.fact", "idiomatic-account-changelog"
TOPICS = (EVENT, FACT, CHANGELOG)
RANK = {"sokuhou": 1, "torikeshi": 2, "kakuhou": 3}
CHOUTEI = {
    "ChouteiEstablished": "ChouteiPosted",
    "ChouteiCorrected": "ChouteiRevised",
    "ChouteiCancelled": "ChouteiVoided",
}
ASSESSED = (
    "rireki_bangou", "fuka_nendo", "zeimoku_code", "taishou_nendo", "tsuuchisho_bangou", "kibetsu_code",
    "choutei_nendo", "kaikei_nendo", "kibetsu_choutei_gaku", "noukigen", "houtei_noukigen",
    "houtei_noukigen_tou",
    "choutei_nengappi", "zuiki_flag", "jiyuu_code", "held",
)  # fmt: skip
RECEIPT = ("kingaku", "ryoushuu_nengappi", "shuunou_nengappi", "nikkeibi", "torikomibi", "shuunou_kubun")
Json = dict[str, Any]
Kinds = list[tuple[str, int]]


def fold(account: Json, event: Json) -> Kinds:
    """畳み込み: changes the account in place; gives the kinds and yen of what happened."""
    kannou, kagonou = account.get("is_kannou", False), account.get("kagonou_gaku", 0)
    if event["type"] in CHOUTEI:
        happened = _choutei(account, event)
    elif event["type"] == "KouzaFurikaeFailed":
        happened = _failed(account, event)
    else:
        happened = _receipt(account, event)
    _sums(account)
    if event["type"] != "ChouteiEstablished":
        happened += _turns(account, kannou, kagonou)
    return happened


def _choutei(account: Json, event: Json) -> Kinds:
    history = account.setdefault("choutei_rireki", [])
    if any(entry["rireki_bangou"] == event["rireki_bangou"] for entry in history):
        return [("RepetitionIgnored", 0)]
    entry = {name: event[name] for name in ("rireki_bangou", "type", "kibetsu_choutei_gaku", "occurred_on")}
    history.append(entry)
    history.sort(key=lambda one: one["rireki_bangou"])
    if event["rireki_bangou"] < account.get("rireki_bangou", 0):
        return [("ChouteiSuperseded", 0)]
    change = event["kibetsu_choutei_gaku"] - account.get("kibetsu_choutei_gaku", 0)
    for name in ("shuunou_key", "atena_bangou", "jichitai_code", *ASSESSED):
        account[name] = event[name]
    account["is_cancelled"] = event["type"] == "ChouteiCancelled"
    return [(CHOUTEI[event["type"]], change)]


def _receipt(account: Json, event: Json) -> Kinds:
    receipts = account.setdefault("receipts", {})
    dankai = event.get("dankai", "torikeshi")
    known = receipts.get(event["receipt_no"])
    if known is not None and known["dankai"] == dankai:
        return [("RepetitionIgnored", 0)]
    if known is not None and RANK[dankai] < RANK[known["dankai"]]:
        contradicts = dankai == "torikeshi"
        return [("ShuunouContradicted" if contradicts else "ShuunouSuperseded", 0)]
    receipt = {"dankai": dankai, "kingaku": event["shuunou_kingaku"]}
    receipts[event["receipt_no"]] = receipt | {name: event.get(name) for name in RECEIPT[1:]}
    change = _effective(receipt) - (_effective(known) if known else 0)
    if known is None:
        return [("ShuunouReversalNoted" if dankai == "torikeshi" else "ShuunouPosted", change)]
    happened = [("ShuunouConfirmed" if dankai == "kakuhou" else "ShuunouReversed", change)]
    return happened + ([("ShuunouContradicted", 0)] if known["dankai"] == "torikeshi" else [])


def _failed(account: Json, event: Json) -> Kinds:
    failures = account.setdefault("furikae_funou", [])
    if event["receipt_no"] in failures:
        return [("RepetitionIgnored", 0)]
    failures.append(event["receipt_no"])
    return [("KouzaFurikaeFailureNoted", event["furikae_gaku"])]


def _effective(receipt: Json) -> int:
    return 0 if receipt["dankai"] == "torikeshi" else int(receipt["kingaku"])


def _sums(account: Json) -> None:
    received = sum(_effective(receipt) for receipt in account.get("receipts", {}).values())
    owed = account.get("kibetsu_choutei_gaku", 0)
    account["shuunou_gaku"] = received
    account["minou_gaku"] = max(owed - received, 0)
    account["kagonou_gaku"] = max(received - owed, 0)
    account["is_kannou"] = not account.get("is_cancelled", False) and account["minou_gaku"] == 0


def _turns(account: Json, kannou: bool, kagonou: int) -> Kinds:
    found: Kinds = []
    if account["is_kannou"] != kannou:
        found.append(("KannouReached" if account["is_kannou"] else "KannouLost", 0))
    change = account["kagonou_gaku"] - kagonou
    if change:
        found.append(("KagonouArose" if change > 0 else "KagonouResolved", change))
    return found


def facts_of(account: Json, event: Json, happened: Kinds) -> list[Json]:
    """事実: one for each thing that happened; the account stands on the first."""
    return [
        {
            "fact_id": f"{event['event_id']}/{kind}",
            "kind": kind,
            "event_id": event["event_id"],
            "source": event["source"],
            "atena_bangou": account["atena_bangou"],
            "shuunou_key": account["shuunou_key"],
            "kingaku": kingaku,
            "occurred_on": event["occurred_on"],
            "recorded_at": event["recorded_at"],
            "minou_gaku": account["minou_gaku"],
            "kagonou_gaku": account["kagonou_gaku"],
            "account": account if index == 0 else None,
        }
        for index, (kind, kingaku) in enumerate(happened)
    ]


def build(bootstrap: str, partitions: int, datadir: str) -> faust.App:
    """アプリを作る: a table in RocksDB (through rocksdict), an agent over single events."""
    app = faust.App(
        NAME,
        broker=f"kafka://{bootstrap}",
        store="rocksdb://",
        datadir=datadir,
        topic_partitions=partitions,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
    )
    events = app.topic(EVENT, key_type=str, key_serializer="raw", value_serializer="json")
    facts = app.topic(FACT, key_type=str, key_serializer="raw", value_serializer="json")
    accounts = app.Table("account", default=dict, partitions=partitions)

    @app.agent(events, name="book")
    async def book(stream: Any) -> None:
        async for event in stream:
            account = accounts[event["shuunou_key"]]
            happened = fold(account, event)
            accounts[event["shuunou_key"]] = account
            for fact in facts_of(account, event, happened):
                await facts.send(key=account["atena_bangou"], value=fact)

    return app


if __name__ == "__main__":
    made = build(sys.argv[1], int(sys.argv[2]), sys.argv[3])
    faust.Worker(made, loglevel="WARNING").execute_from_commandline()
