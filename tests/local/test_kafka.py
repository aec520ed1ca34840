"""ローカルブローカー: starts, answers, keeps what was committed through stop and kill -9, and leaves nothing."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from streams.local import process
from streams.local.kafka import BrokerError, BrokerRuns, LocalKafka, running, start_broker, stop_broker

JARS = Path(__file__).parents[2] / ".hub" / "jars"


def _admin(address: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": address, "log_level": 0})


def _produce(address: str, topic: str, *values: str) -> None:
    """Creates the topic and writes the values in one transaction."""
    admin = _admin(address)
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(30)
    producer = Producer({"bootstrap.servers": address, "transactional.id": topic})
    producer.init_transactions(30)
    producer.begin_transaction()
    for value in values:
        producer.produce(topic, value.encode())
    producer.commit_transaction(30)


def _committed(address: str, topic: str) -> list[str]:
    """All committed values of a topic of one partition."""
    settings = {"bootstrap.servers": address, "group.id": topic, "log_level": 0}
    consumer = Consumer({**settings, "isolation.level": "read_committed", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, 0, 0)])
    values = []
    while (message := consumer.poll(30)) is not None and not message.error():
        values.append((message.value() or b"").decode())
    assert message is not None, f"no answer about {topic} within 30 s"
    error = message.error()
    assert error is not None and error.code() == KafkaError._PARTITION_EOF, error
    consumer.close()
    return values


def test_a_transaction_goes_through(broker: str, topic_prefix: str) -> None:
    topic = f"{topic_prefix}round"
    _produce(broker, topic, "調定", "収納")
    assert _committed(broker, topic) == ["調定", "収納"]


def test_topics_are_not_made_by_themselves(broker: str, topic_prefix: str) -> None:
    producer = Producer({"bootstrap.servers": broker, "message.timeout.ms": 2000, "log_level": 0})
    errors: list[object] = []
    producer.produce(f"{topic_prefix}unlisted", b"x", on_delivery=lambda error, _: errors.append(error))
    producer.flush(10)
    assert len(errors) == 1
    assert errors[0] is not None
    assert f"{topic_prefix}unlisted" not in _admin(broker).list_topics(timeout=10).topics


def test_a_stop_leaves_no_process_and_a_restart_keeps_the_data(
    local_kafka: Callable[..., LocalKafka],
) -> None:
    kafka = local_kafka()
    former, pid = kafka.bootstrap, kafka.pid
    _produce(former, "kept", "1", "2")

    assert pid is not None
    assert kafka.stop()
    assert kafka.pid is None
    assert process.command_line(pid) == ""
    assert not kafka.stop()

    port = int(former.partition(":")[2])
    with socket.create_server((process.LOOPBACK, port)):  # somebody else took the port meanwhile
        kafka.start()
    assert kafka.bootstrap != former
    assert _committed(kafka.bootstrap, "kept") == ["1", "2"]


def test_after_kill_the_committed_data_are_there_at_the_same_address(
    local_kafka: Callable[..., LocalKafka],
) -> None:
    kafka = local_kafka()
    former, pid = kafka.bootstrap, kafka.pid
    _produce(former, "kept", "1", "2")
    open_ended = Producer({"bootstrap.servers": former, "transactional.id": "open", "log_level": 0})
    open_ended.init_transactions(30)
    open_ended.begin_transaction()
    open_ended.produce("kept", b"never committed")
    open_ended.flush(10)

    kafka.kill()
    assert kafka.pid is None
    kafka.start()
    assert kafka.bootstrap == former
    assert kafka.pid not in (None, pid)
    # a new owner of the transaction aborts what the former one left open
    Producer({"bootstrap.servers": former, "transactional.id": "open"}).init_transactions(30)
    _produce(former, "later", "3")
    assert _committed(former, "kept") == ["1", "2"]


def test_a_paused_broker_answers_again_when_it_is_resumed(local_kafka: Callable[..., LocalKafka]) -> None:
    kafka = local_kafka()
    kafka.pause()
    with pytest.raises(KafkaException):
        _admin(kafka.bootstrap).list_topics(timeout=1)
    assert kafka.pid is not None
    kafka.resume()
    assert _admin(kafka.bootstrap).list_topics(timeout=30).brokers

    kafka.pause()
    assert kafka.stop(timeout=20)
    assert kafka.pid is None


def test_the_broker_of_a_home_is_started_once_found_and_stopped(tmp_path: Path) -> None:
    home = tmp_path / "収納 hub"  # a path as a Japanese office may have it
    home.mkdir()
    (home / "jars").symlink_to(JARS)
    assert running(home) is None
    assert not stop_broker(home)
    try:
        broker = start_broker(home, heap="512m")
        again = start_broker(home)
        found = running(home)
        assert again.pid == broker.pid
        assert found is not None
        assert found.bootstrap == broker.bootstrap
        with pytest.raises(BrokerRuns, match=f"process {broker.pid}"):
            broker.start()
    finally:
        is_stopped = stop_broker(home)
    assert is_stopped
    assert running(home) is None


def test_a_number_that_now_belongs_to_another_process_is_not_ours(tmp_path: Path) -> None:
    kafka = LocalKafka(tmp_path, jar_dir=JARS)
    (tmp_path / "broker.json").write_text('{"port": 20001, "controller_port": 20002, "pid": 1}', "ascii")
    assert kafka.pid is None
    assert not kafka.stop()
    assert kafka.bootstrap == "127.0.0.1:20001"


def test_a_broker_that_does_not_come_up_shows_its_log(tmp_path: Path, broker: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "meta.properties").write_text("version=99\n", "ascii")
    kafka = LocalKafka(tmp_path, jar_dir=JARS, is_short_lived=True)
    with pytest.raises(BrokerError, match=r"ended while starting; the end of its log(?s:.*)version"):
        kafka.start()
    assert kafka.pid is None


def test_settings_that_kafka_refuses_are_told(tmp_path: Path, broker: str) -> None:
    kafka = LocalKafka(tmp_path, jar_dir=JARS, settings={"log.cleaner.threads": "多数"})
    with pytest.raises(BrokerError, match=r"could not be formatted(?s:.*)log\.cleaner\.threads"):
        kafka.start()
    assert not (tmp_path / "data").exists()


def test_before_its_first_start_a_broker_has_no_address(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match="never started"):
        _ = LocalKafka(tmp_path, jar_dir=JARS).bootstrap
