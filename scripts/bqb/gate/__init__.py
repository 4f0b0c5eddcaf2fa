"""./scripts/gate: whether a queue became slower between two versions of queues/ (or of a header of one's own).

policy    what is measured and how it is judged: a TOML file
arms      base and head: found, staged and built around this checkout's harness
pairs     fresh processes in random order, one of each arm, over the same messages
decide    exact sign tests at planned looks; nothing here knows of processes or files
counts    the lane that no noise reaches: instructions and system calls a message
run       one gate from arms to verdict; report shows it
stored    a head against what an earlier gate measured
campaign  how often the gate errs: identical arms, slow-downs on purpose, synthetic data
rivals    what other tools' tests would have said of the same pairs
"""

PASS, REGRESSION, USAGE, INCONCLUSIVE, INVALID = range(5)  # exit statuses
