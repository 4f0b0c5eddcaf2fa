"""The figures of a run, each with the answer to its question as the title.

    draw_figures(run, folder)        # SVG and PNG of each, returns their paths

    summary                overhead per message in a few situations: the README's figure
    overview               what each queue's synchronisation costs, queues x situations
    properties             workload-independent costs: idle, close, memory, construction
    <scenario>.lost        lost ns per message and efficiency; for scenarios without work
                           <scenario>.throughput, for those judged by another counter
                           <scenario>.<counter>
    <scenario>.capacity    throughput and lost ns against capacity, where three or more capacities
                           are swept
    <scenario>.sojourn     percentiles of the time from push to pop
    <scenario>.cpu_cost    CPU beyond the work against overhead
    <scenario>.occupancy   messages waiting over time, where a queue without a bound takes part

Each has a module of that name here; throughput is with lost. What they share: view (a run as they
see it), style, page, axes, labels, layout (grids of panels) and cells (tables of queues x
situations).

Everywhere: medians of undisturbed blocks with 95% intervals for a repeated run's median, raw trials
as faint dots behind them, disturbed trials as grey crosses that count for nothing, cells without a
number named.
"""
