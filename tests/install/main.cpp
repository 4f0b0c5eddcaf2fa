// Sends numbers through two of the installed queues, one after the other, and checks what arrives.
#include <iostream>
#include <thread>
#include <utility>

#include "queues/handles.h"
#include "queues/semaphore.h"
#include "queues/two_condvar.h"

int main() {
  constexpr long last = 10'000;
  auto [source, numbers] = bq::make_handles<bq::TwoCondvarQueue<long>>(16);
  auto [squarer, squares] = bq::make_handles<bq::SemaphoreQueue<long>>(4);
  std::jthread producer([source = std::move(source)]() mutable {
    for (long n = 1; n <= last; ++n) source.push(n);
  });
  std::jthread worker([numbers = std::move(numbers), squarer = std::move(squarer)]() mutable {
    while (auto n = numbers.pop()) squarer.push(*n * *n);
  });
  long sum = 0;
  while (auto square = squares.pop()) sum += *square;
  const bool right = sum == last * (last + 1) * (2 * last + 1) / 6;
  std::cout << (right ? "all there: " : "wrong: ") << sum << '\n';
  return right ? 0 : 1;
}
