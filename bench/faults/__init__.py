"""故障試験: real processes under a supervisor that kills, pauses and breaks them while a load runs; then C1–C7.

`.venv/bin/python -m bench.faults --rows 1-17 --seed 7 --minutes 1 --workers 3 --json out.json` plays the
rows
of the matrix one after the other, each with topics of its own on one real broker. A row is one scenario:
what
it injects, what must hold beside the measures, and figures. What this machine cannot inject is reported as
"not injected" with the reason, never as passed.

`--kills 1000` kills at named points instead, in segments; run again with the same seed and `--json` file, it
goes on after the last complete one.

What must be true is known from three sides: the generator's own journal of what it sent and what the broker
acknowledged (`load`), the totals that the synthetic city says a perfect hub ends with, and the auditor.
"""
