"""Seeded fuzzing of the commands and the programs: bad input gets one clear message.

    cd tests/python
    /usr/bin/python3 -m fuzz --inputs 5000 --seed 3            # all targets; prints a table
    /usr/bin/python3 -m fuzz --target scenario --inputs 5000
    /usr/bin/python3 -m fuzz --target scenario --replay 17     # one input, with all that it printed

Input number N of seed S of a target is always the same. Nothing is measured, built or installed:
the commands run in a copy of the scripts whose programs are stubs (sandbox.py).

    case       what one input starts: a command with its options, its folder and its streams
    process    starts a case in a process of its own, with a deadline and limits
    judge      what counts as a failure
    sandbox    the copy of the scripts, and the stubs
    corpus     the files that are mutated
    mutate     mutations of bytes and lines; json_values: of JSON; special: files such as a FIFO
    targets/   a module a kind of input
    worker     a process that runs many inputs
    campaign   some workers, and the sum of what they report
"""
