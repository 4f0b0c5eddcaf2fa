// A registry of queues, sorted by name.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>
#include <vector>

namespace bq::checking {

/// Inserts `subject` into the sorted list. Ends the program if the name is taken.
template <class Subject>
void insert_by_name(std::vector<Subject>& all, Subject subject) {
  const auto place =
      std::lower_bound(all.begin(), all.end(), subject,
                       [](const Subject& a, const Subject& b) { return a.name < b.name; });
  if (place != all.end() && place->name == subject.name) {
    std::cerr << "two queues are registered as '" << subject.name << "'\n";
    std::exit(2);
  }
  all.insert(place, std::move(subject));
}

}  // namespace bq::checking
