#include "explorer/schedule_file.h"

#include <array>
#include <climits>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "benchmarks/util/error.h"
#include "benchmarks/util/message_text.h"
#include "benchmarks/util/text_file.h"
#include "explorer/execution.h"

namespace bq::explorer {

namespace {

using bench::IoError;
using bench::shown;
using bench::UsageError;

constexpr std::size_t max_schedule_bytes = 1'000'000;  // of a file
constexpr std::array endings{"none", "producers", "race", "quiet"};

std::string unfinished_name(const std::string& path) {
  return path + ".new";
}

/// A whole number of a saved schedule. Throws std::out_of_range.
int number_in(const nlohmann::json& value, int low, int high) {
  if (!value.is_number_integer() || value < low || value > high) {
    throw std::out_of_range(shown(value.dump()) + " is not a whole number from " +
                            std::to_string(low) + " to " + std::to_string(high));
  }
  return value;
}

std::string text_in(const nlohmann::json& value) {
  return value;
}

Shape shape_of(const nlohmann::json& saved) {
  Shape shape;
  shape.producers = number_in(saved.at("producers"), 0, max_threads);
  shape.consumers = number_in(saved.at("consumers"), 0, max_threads);
  shape.capacity = static_cast<std::size_t>(number_in(saved.at("capacity"), 1, max_capacity));
  shape.messages = number_in(saved.at("messages"), 0, max_messages);
  shape.ending = ending_from(text_in(saved.at("ending")));
  shape.pushes = pushes_from(text_in(saved.at("pushes")));
  shape.pops = pops_from(text_in(saved.at("pops")));
  shape.is_full = saved.at("full");
  number_in(shape.threads(), 1, max_threads);
  return shape;
}

}  // namespace

Shape::Ending ending_from(std::string_view name) {
  for (std::size_t i = 0; i < endings.size(); ++i) {
    if (endings[i] == name) return static_cast<Shape::Ending>(i);
  }
  throw std::out_of_range("'" + std::string(name) + "' is no ending");
}

void check_place(const std::string& path) {
  namespace fs = std::filesystem;
  const auto fail = [&](const std::string& what) {
    throw UsageError("--save " + shown(path) + ": " + what + ": name another file");
  };
  std::error_code error;
  const fs::path folder = fs::path(path).parent_path();
  if (fs::path(path).filename().empty()) fail("is no file name");
  if (!folder.empty() && !fs::is_directory(folder, error)) fail("there is no such folder");
  for (const std::string& name : {path, unfinished_name(path)}) {
    const fs::file_status status = fs::status(name, error);
    if (fs::exists(status) && !fs::is_regular_file(status)) fail("is not a regular file");
  }
}

void save_schedule(const std::string& path, const SavedSchedule& saved) {
  const Shape& shape = saved.shape;
  const nlohmann::json document{
      {"queue", saved.queue},
      {"producers", shape.producers},
      {"consumers", shape.consumers},
      {"capacity", shape.capacity},
      {"messages", shape.messages},
      {"ending", endings[static_cast<std::size_t>(shape.ending)]},
      {"pushes", to_string(shape.pushes)},
      {"pops", to_string(shape.pops)},
      {"full", shape.is_full},
      {"weak", saved.weak},
      {"failure", saved.failure},
      {"choices", saved.choices},
  };
  // To a temporary name first.
  const std::string unfinished = unfinished_name(path);
  std::ofstream file(unfinished);
  file << document.dump() << '\n';
  file.close();
  if (!file || std::rename(unfinished.c_str(), path.c_str()) != 0) {
    throw IoError("--save " + shown(path) + ": cannot be written; name another file");
  }
}

SavedSchedule read_schedule(const std::string& path) {
  const auto fail = [&](const std::string& what) {
    throw UsageError("--replay " + shown(path) + ": " + what);
  };
  const std::string not_saved = "is not a schedule that --save has written";
  const bench::FileText file = bench::read_text_file(path, max_schedule_bytes);
  if (!file.error.empty()) fail(file.error);
  SavedSchedule schedule;
  try {
    const nlohmann::json saved = nlohmann::json::parse(file.text);
    schedule.shape = shape_of(saved);
    schedule.weak = saved.at("weak");
    schedule.queue = text_in(saved.at("queue"));
    for (const nlohmann::json& choice : saved.at("choices"))
      schedule.choices.push_back(number_in(choice, 0, INT_MAX));
  } catch (const nlohmann::json::exception& error) {
    fail(not_saved + " (" + shown(error.what(), 200) + ")");
  } catch (const std::out_of_range& error) {
    fail(not_saved + " (" + shown(error.what(), 200) + ")");
  }
  return schedule;
}

}  // namespace bq::explorer
