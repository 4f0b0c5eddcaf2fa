"""The advisor: from what a person knows of a pipeline to a capacity and a queue.

    wishes     what was asked for: options or a file, with units
    pipeline   all of it filled in, with what was assumed
    scenario   the same as a scenario of queue_bench
    replay     what the ideal queue makes of it at each capacity
    knee       the smallest capacity that is enough
    capacity   the capacity, between the bounds that the wishes set
    queues     which queues fit the wishes
    nearest    the published point that is most like the pipeline
    choice     the queue and the capacity that a run shows to be right
    answer     all of that, in a folder
    figure, screen   what is shown
    held_out   how good the answers are
"""
