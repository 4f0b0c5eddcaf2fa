// Schedules in files: a failing run, to be seen again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "explorer/shape.h"

namespace bq::explorer {

inline constexpr int max_capacity = 1'000;
inline constexpr int max_messages = 20;

struct SavedSchedule {
  std::string queue;
  Shape shape;
  bool weak = false;
  std::string failure;
  std::vector<int> choices;
};

/// Throws std::out_of_range for what is no ending.
Shape::Ending ending_from(std::string_view name);

/// Refuses a path that save_schedule() could not write, or where it would destroy something else.
void check_place(const std::string& path);
/// The file is never incomplete.
void save_schedule(const std::string& path, const SavedSchedule& saved);
/// Throws UsageError if the file is not one that save_schedule() has written.
SavedSchedule read_schedule(const std::string& path);

}  // namespace bq::explorer
