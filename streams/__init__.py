"""流れ: the shell. Faust agents, their tables and topics, the engine beneath, and the `shuunou` command.

source connectors ─▶ ido.<what>.v1 ─▶ ingest ─▶ matching ─▶ ledger.input.v1 ─▶ receipt + delinquency
                                         │          │                                │
                                    deadletter   matching.unmatched           ledger.fact.v1
                                                                                     │
                                       audit.provision.v1 + iten.<contract>.v1 ◀─ transfer
"""

import os

# Faust's compiled fast paths are not exercised by any test of theirs (shared hazard F20); decided
# before its import.
os.environ.setdefault("NO_CYTHON", "1")
