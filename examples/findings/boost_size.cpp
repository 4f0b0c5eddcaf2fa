// boost::concurrent::sync_bounded_queue (1.74): size() is wrong once the ring has wrapped.
//   g++ -std=c++20 -O2 -pthread boost_size.cpp -lboost_thread && ./a.out
#include <boost/thread/concurrent_queues/sync_bounded_queue.hpp>
#include <cstdio>

int main() {
  boost::concurrent::sync_bounded_queue<int> queue(3);
  for (int i = 0; i < 3; ++i) {
    int out;
    queue.push_back(i);
    queue.pull_front(out);
  }
  queue.push_back(1);
  queue.push_back(2);
  std::printf("two messages are inside; size() is %zu\n", static_cast<std::size_t>(queue.size()));
  return queue.size() != 2;
}
