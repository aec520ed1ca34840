"""機関: one batch, one Kafka transaction, under Faust's agents.

What a batch reads, the rows it changes, the facts it sends, the letters it refuses and the
position it reached succeed or fail together. `transport` hands an agent what was fetched of one
partition as one batch; `unit` is what a fold writes into; `owner` holds a partition (its
transactional producer, its store, its position) and commits; `restore` brings a store up to its
changelog; `stage` ties them to a Faust app and agent.
"""
