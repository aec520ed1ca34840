"""設定: every setting of the hub, read once, from the environment (`SHUUNOU_*`) or a `.env` file.

No other module reads the environment, except the fail points of the engine's tests.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

if TYPE_CHECKING:  # most commands read settings and need no stage: Faust alone takes half a second
    from streams.engine.owner import EngineSettings
    from streams.engine.stage import WorkerSettings

PARTITIONS, PARTITIONS_LOCAL = 12, 3
"""Of a cluster that may come to be shared by many workers; and of one machine's own broker, whose two
cores spend themselves on the transactions of twelve."""


class Settings(BaseSettings):
    """設定: name, type, default and purpose of each; `shuunou settings` prints them."""

    model_config = SettingsConfigDict(env_prefix="SHUUNOU_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Field(Path(".hub"), description="where the local broker, stores, keys and folders live")
    bootstrap: str = Field(
        "", description="Kafka's address; empty: the local broker that `shuunou broker start` made"
    )
    application: str = Field("shuunou", description="prefix of consumer groups and transactional ids")
    partitions: int | None = Field(
        None,
        ge=1,
        description="partition count of every topic of the hub when it is made, fixed for life; "
        f"empty: {PARTITIONS}, or {PARTITIONS_LOCAL} on the local broker",
    )
    replication: int = Field(1, ge=1, description="replication factor of the topics that the hub creates")
    jichitai_code: str = Field(
        "132110", description="自治体コード of this city (全国地方公共団体コード, 6 digits)"
    )
    database_url: str = Field(
        "",
        description="the projection's database; empty: SQLite under home. DATABASE_URL is read too",
        validation_alias=AliasChoices("SHUUNOU_DATABASE_URL", "DATABASE_URL"),
    )
    key_file: Path | None = Field(
        None, description="the key of the cipher; empty: keys/kojin.key under home"
    )
    instance_id: str | None = Field(None, description="a name of this worker that stays (static membership)")
    session_timeout_s: float = Field(
        10.0, description="how long the group waits for a worker that is silent"
    )
    batch_records: int = Field(5000, ge=1, description="the most records of one batch, one transaction")
    waiting_batches: int = Field(4, ge=1, description="how many batches may wait for an agent")
    linger_ms: float = Field(2.0, ge=0, description="how long a producer waits to fill a request")
    cache_rows: int = Field(50_000, ge=0, description="rows that a partition keeps decoded in memory")
    cache_mib: int = Field(128, ge=1, description="memory of a worker for blocks of all its stores, in MiB")
    buffer_mib: int = Field(8, ge=1, description="what each store keeps unflushed in memory, in MiB")
    compression: str = Field("lz4", description="of messages and stores: lz4, zstd, snappy, gzip or none")
    paused_contracts: tuple[str, ...] = Field(
        (), description="移転 contracts that are paused (ids, JSON list)"
    )
    security: dict[str, str] = Field({}, description="librdkafka settings of security (JSON object)")
    heap: str = Field("1g", description="heap of the local broker's Java")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'projection.db'}"

    @property
    def partition_count(self) -> int:
        """作るときの区画の数: what a topic that is there has, the broker says (streams/topics.py)."""
        return self.partitions or (PARTITIONS if self.bootstrap else PARTITIONS_LOCAL)

    @property
    def key_path(self) -> Path:
        return self.key_file or self.home / "keys" / "kojin.key"

    def engine(self, bootstrap: str) -> EngineSettings:
        """機関の設定。"""
        from streams.engine.owner import EngineSettings

        client: dict[str, Any] = dict(self.security)
        return EngineSettings(
            self.application,
            bootstrap,
            self.home / "state",
            client,
            self.linger_ms,
            self.cache_rows,
            self.compression,
            self.buffer_mib,
        )

    def worker(self, bootstrap: str, stage: str) -> WorkerSettings:
        """働き手の設定。"""
        from streams.engine.stage import WorkerSettings

        instance = f"{self.instance_id}-{stage}" if self.instance_id else None
        return WorkerSettings(
            self.engine(bootstrap),
            instance,
            self.session_timeout_s,
            self.batch_records,
            self.waiting_batches,
            self.home / "faust",
        )


@cache
def settings() -> Settings:
    """設定を読む: once per process."""
    return Settings()
