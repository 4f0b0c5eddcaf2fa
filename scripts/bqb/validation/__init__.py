"""./scripts/validate: the harness against queueing theory.

Each part is a scenario of scenarios/validate whose answer has a closed form (theory.py). What was
measured is compared with it three times:

- at the *realised* rates: those that the work of the trials really had, late timers and the
  machine's gaps included. This is the proof: nothing but the queue, the threads and the measuring
  lies between the two figures;
- at the rates *as drawn*: it tells how far the work came from what was asked of it. Shown; judged
  for the throughputs of sleeping work only: how fast a core spins is the machine's, and near
  saturation a percent of load is many of waiting;
- with the *replay* of the trial's own times through the ideal queue: it tells what lies between
  from what chance adds.

Throughputs are shares of what the consumers can take, times are in mean services: both depend on
rho alone.
"""
