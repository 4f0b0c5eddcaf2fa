// pipe(2) as a stream of bytes is no bounded queue: after it has refused a message, it takes the
// next one only when it is empty, since Linux frees a page of it only when all of the page has been
// read.
//   g++ -std=c++20 -O2 pipe_bytes.cpp && ./a.out
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

int main() {
  int ends[2];
  if (pipe2(ends, O_NONBLOCK) != 0 || fcntl(ends[1], F_SETPIPE_SZ, 4096) < 0) return 2;
  long message = 0;
  int inside = 0;
  while (write(ends[1], &message, sizeof message) == sizeof message) ++inside;
  std::printf("full with %d messages of %zu bytes\n", inside, sizeof message);
  while (inside > 0 && write(ends[1], &message, sizeof message) < 0) {
    if (read(ends[0], &message, sizeof message) != sizeof message) return 2;
    --inside;
  }
  std::printf("takes another one with %d inside\n", inside);
}
