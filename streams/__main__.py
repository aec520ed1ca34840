"""`python -m streams` の入口: the `shuunou` command, where it is not on the PATH."""

from streams.entry import main

main()
