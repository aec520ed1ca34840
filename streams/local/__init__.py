"""ローカル実行: the real broker and database that run and tests start on this machine, without Docker."""
