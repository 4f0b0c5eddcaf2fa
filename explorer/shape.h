// A shape: how many threads make which calls on a queue of which capacity.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "explorer/explored_queue.h"

namespace bq::explorer {

struct Shape {
  enum class Ending : std::uint8_t {
    none,       ///< nobody closes; all threads end
    producers,  ///< the last producer closes; consumers pop until the end
    /// A thread of its own closes at any time; producers stop when refused, consumers pop until the
    /// end.
    race,
    /// A thread of its own closes when no other can go on any more. Before that it checks that
    /// nobody waits for what is there.
    quiet,
  };

  int producers = 1;  ///< 0 producers or 0 consumers: only with a close, or without messages
  int consumers = 1;
  std::size_t capacity = 1;
  int messages = 1;  ///< number of pushes of all producers together, and of pops of all consumers
  Ending ending = Ending::none;
  /// The forms of each thread's calls, in turn, and then again from the first one on. Each thread
  /// of a side begins one place later. Not empty.
  std::vector<Push> pushes{Push::push};
  std::vector<Pop> pops{Pop::pop};
  bool is_full = false;  ///< at the beginning, with messages that are not among `messages`

  /// The share of thread `self` of `threads` in `all`.
  static int share(int all, int self, int threads) {
    return all / threads + (self < all % threads ? 1 : 0);
  }
  bool has_closer() const { return ending == Ending::race || ending == Ending::quiet; }
  int threads() const { return producers + consumers + (has_closer() ? 1 : 0); }
};

/// All forms of a side, in the order of their declaration.
extern const std::vector<Push> any_push;
extern const std::vector<Pop> any_pop;

/// "2P1C capacity 1 x2, closed by producers": two producers, one consumer, two messages in total.
/// Forms other than push and pop follow.
std::string to_string(const Shape& shape);

/// "push,try_push", and back. Throw std::out_of_range for what is no list of forms.
std::string to_string(const std::vector<Push>& forms);
std::string to_string(const std::vector<Pop>& forms);
std::vector<Push> pushes_from(std::string_view text);
std::vector<Pop> pops_from(std::string_view text);

/// Why no queue is explored with this shape: some thread may wait for ever, and rightly so. Empty:
/// there is no reason.
std::string why_senseless(const Shape& shape);

}  // namespace bq::explorer
