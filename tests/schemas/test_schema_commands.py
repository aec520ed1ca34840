"""様式の関門: the project passes; what the commands `check` and `register` say and do."""

import json

import pytest
from typer.testing import CliRunner

from schemas import gate
from streams import cli_schema


def test_the_project_passes():
    assert cli_schema.findings() == []


def test_command_passes_and_says_what_it_looked_at():
    result = CliRunner().invoke(cli_schema.app, ["check"])
    assert result.exit_code == 0 and "324 items" in result.stdout
    assert json.loads(CliRunner().invoke(cli_schema.app, ["check", "--json"]).stdout) == []


def test_command_fails_on_a_finding(monkeypatch):
    finding = gate.Finding("S-401", "a file", "what", "this", "that", "do so")
    monkeypatch.setattr(cli_schema, "findings", lambda: [finding])
    result = CliRunner().invoke(cli_schema.app, ["check"])
    assert result.exit_code == 1
    assert "S-401 a file: what" in result.stdout and "1 finding" in result.stdout
    as_json = CliRunner().invoke(cli_schema.app, ["check", "--json"])
    assert as_json.exit_code == 1 and json.loads(as_json.stdout) == [finding._asdict()]


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """An empty ids.tsv, with one schema waiting for its id and none changed."""
    file = tmp_path / "avro" / "ids.tsv"
    file.parent.mkdir()
    file.write_text("id\tname\tfingerprint\n", encoding="utf-8")
    monkeypatch.setattr(cli_schema.schemas, "ROOT", tmp_path)
    monkeypatch.setattr(
        cli_schema.registry, "additions", lambda: [cli_schema.registry.Entry(1001, "a/b.v1", "f")]
    )
    monkeypatch.setattr(cli_schema.registry, "changed", list)
    return file


def test_register_appends_ids(ledger):
    result = CliRunner().invoke(cli_schema.app, ["register"])
    assert result.exit_code == 0 and "1001  a/b.v1" in result.stdout
    assert ledger.read_text(encoding="utf-8").splitlines() == ["id\tname\tfingerprint", "1001\ta/b.v1\tf"]


def test_register_refuses_when_a_published_schema_was_changed(ledger, monkeypatch):
    monkeypatch.setattr(cli_schema.registry, "changed", lambda: ["a/old.v1"])
    result = CliRunner().invoke(cli_schema.app, ["register"])
    assert result.exit_code == 1 and "a/old.v1" in result.stderr
    assert len(ledger.read_text(encoding="utf-8").splitlines()) == 1
