/* The textbook two-flag queue as a Promela model, for Spin (spinroot.com): a cross-check of the
 * explorer by a tool that shares nothing with it. What is modelled by hand here is what the
 * explorer runs from the C++ source:
 *
 *   queues/reference_as_posted.h, and with -DREPAIRED queues/reference.h
 *
 *   -DPRODUCERS=P -DCONSUMERS=C -DCAPACITY=K
 *   -DMESSAGES=N   N by each producer; N * P a multiple of C
 *   -DCLOSED       the last producer closes, consumers pop until the end
 *
 * An "invalid end state" is a schedule after which somebody waits for ever.
 * tests/python/test_promela.py runs it.
 */
#define NOBODY 255

byte data = NOBODY, full_mutex = NOBODY, empty_mutex = NOBODY;  /* who holds it */
byte inside = 0;
bool is_full = false, is_empty = true, closed = false;
byte full_sleepers, empty_sleepers;  /* asleep on the condition variable: a bit for each process */
byte active_producers = PRODUCERS;
byte taken = 0;

inline lock(mutex) { atomic { mutex == NOBODY -> mutex = _pid } }
inline unlock(mutex) { d_step { assert(mutex == _pid); mutex = NOBODY } }
/* Gives up the mutex and falls asleep in one step; is woken; takes the mutex again. */
inline wait(sleepers, mutex) {
  d_step { assert(mutex == _pid); mutex = NOBODY; sleepers = sleepers | (1 << _pid) };
  atomic { !(sleepers & (1 << _pid)) && mutex == NOBODY -> mutex = _pid }
}
inline notify_all(sleepers) { sleepers = 0 }

#ifdef REPAIRED

inline push() {
  lock(full_mutex);
  do :: is_full -> wait(full_sleepers, full_mutex) :: else -> break od;
  lock(data);
  inside++;
  assert(inside <= CAPACITY);
  if :: inside == CAPACITY -> is_full = true :: else fi;
  unlock(data);
  unlock(full_mutex);

  lock(empty_mutex);
  if
  :: is_empty ->
     lock(data);
     if :: inside > 0 -> is_empty = false; notify_all(empty_sleepers) :: else fi;
     unlock(data)
  :: else
  fi;
  unlock(empty_mutex)
}

/* Jumps to `finished`, with the mutex of is_empty, when the queue is closed and drained. */
inline pop() {
  lock(empty_mutex);
  do
  :: !is_empty -> lock(data); break
  :: is_empty && closed ->
     lock(data);
     if :: inside > 0 -> break :: else -> unlock(data); goto finished fi
  :: is_empty && !closed -> wait(empty_sleepers, empty_mutex)
  od;
  assert(inside > 0);
  inside--;
  if :: inside == 0 -> is_empty = true :: else fi;
  unlock(data);
  unlock(empty_mutex);

  lock(full_mutex);
  if
  :: is_full ->
     lock(data);
     if :: inside < CAPACITY -> is_full = false; notify_all(full_sleepers) :: else fi;
     unlock(data)
  :: else
  fi;
  unlock(full_mutex)
}

inline close() {
  lock(full_mutex);
  lock(empty_mutex);
  closed = true;
  unlock(empty_mutex);
  unlock(full_mutex);
  notify_all(full_sleepers);
  notify_all(empty_sleepers)
}

#else

inline push() {
  lock(full_mutex);
  do :: is_full -> wait(full_sleepers, full_mutex) :: else -> break od;
  lock(data);
  inside++;
  assert(inside <= CAPACITY);
  lock(empty_mutex);
  if :: is_empty -> is_empty = false; notify_all(empty_sleepers) :: else fi;
  if :: inside == CAPACITY -> is_full = true; notify_all(full_sleepers) :: else fi;
  unlock(empty_mutex);
  unlock(data);
  unlock(full_mutex)
}

/* Jumps to `finished`, with the mutex of is_empty, when the queue is closed and drained. */
inline pop() {
  lock(empty_mutex);
  do
  :: is_empty ->
     if :: closed -> goto finished :: else fi;
     wait(empty_sleepers, empty_mutex)
  :: else -> break
  od;
  lock(data);
  assert(inside > 0);
  inside--;
  lock(full_mutex);
  if :: is_full -> is_full = false; notify_all(full_sleepers) :: else fi;
  if :: inside == 0 -> is_empty = true; notify_all(empty_sleepers) :: else fi;
  unlock(full_mutex);
  unlock(data);
  unlock(empty_mutex)
}

inline close() { closed = true }

#endif

active [PRODUCERS] proctype producer() {
  byte sent = 0;
  do :: sent < MESSAGES -> push(); sent++ :: else -> break od;
#ifdef CLOSED
  bool is_last;
  d_step { active_producers--; is_last = (active_producers == 0) };
  if :: is_last -> close() :: else fi
#endif
}

active [CONSUMERS] proctype consumer() {
#ifdef CLOSED
  do :: pop(); taken++ od;
finished:
  assert(empty_mutex == _pid);
  unlock(empty_mutex);
  assert(inside == 0)
#else
  byte i;
  for (i : 1 .. (MESSAGES * PRODUCERS) / CONSUMERS) { pop(); taken++ }
finished:
  skip
#endif
}
