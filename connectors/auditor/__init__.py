"""監査: computes the measures C1–C7 of a running hub, from its topics, its tables and its projection, without
stopping it.

Written apart from the code it judges: what must be true is worked out in SQL over the change events as
their sources put them on the topics, never by the hub's own folds (a test holds the imports to that).
Messages are read into a temporary SQLite file (`book`, `events`, `ledger`, `transfers`), the ledger is
worked out anew (`replay`), and each measure compares (`flow` C1 C2 C5, `balance` C3 C4, `giving` C6,
`audit` C7 and the whole).

A hub that runs moves while it is read, so nothing is judged by the moment of reading (`cut`): first each
stage's positions are noted, then the ends of the topics, the last ones of the flow first, and the sources
are read at the very end. What was done to records before the noted positions is then all in what was read,
and whatever else was read has its cause among the sources' records too. A 収納キー that any record beyond
those positions touches is in motion; it is left out of the comparison and counted. All others are compared
exactly, however busy the hub is.
"""
