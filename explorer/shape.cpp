#include "explorer/shape.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace bq::explorer {

namespace {

constexpr std::array push_names{"push", "try_push", "try_push_until", "try_push_past"};
constexpr std::array pop_names{"pop", "pop_into", "try_pop", "try_pop_until", "try_pop_past"};

template <class Form>
std::vector<Form> all_forms(std::size_t count) {
  std::vector<Form> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(static_cast<Form>(i));
  return all;
}

template <class Form>
std::string list_of(const std::vector<Form>& forms, const auto& names) {
  std::string text;
  for (const Form form : forms) {
    if (!text.empty()) text += ',';
    text += names[static_cast<std::size_t>(form)];
  }
  return text;
}

template <class Form>
std::vector<Form> forms_from(std::string_view text, const auto& names) {
  std::vector<Form> forms;
  for (;;) {
    const std::string_view name = text.substr(0, text.find(','));
    const auto place = std::find(names.begin(), names.end(), name);
    if (place == names.end()) {
      throw std::out_of_range("'" + std::string(name) + "' is none of " +
                              list_of(all_forms<Form>(names.size()), names));
    }
    forms.push_back(static_cast<Form>(place - names.begin()));
    if (name.size() == text.size()) return forms;
    text.remove_prefix(name.size() + 1);
  }
}

}  // namespace

const std::vector<Push> any_push = all_forms<Push>(push_names.size());
const std::vector<Pop> any_pop = all_forms<Pop>(pop_names.size());

std::string to_string(const std::vector<Push>& forms) {
  return list_of(forms, push_names);
}
std::string to_string(const std::vector<Pop>& forms) {
  return list_of(forms, pop_names);
}
std::vector<Push> pushes_from(std::string_view text) {
  return forms_from<Push>(text, push_names);
}
std::vector<Pop> pops_from(std::string_view text) {
  return forms_from<Pop>(text, pop_names);
}

std::string to_string(const Shape& shape) {
  std::string text = std::to_string(shape.producers) + "P" + std::to_string(shape.consumers) +
                     "C capacity " + std::to_string(shape.capacity) + " x" +
                     std::to_string(shape.messages);
  if (shape.is_full) text += ", full at first";
  if (shape.ending == Shape::Ending::producers) text += ", closed by producers";
  if (shape.ending == Shape::Ending::race) text += ", closed at any time";
  if (shape.ending == Shape::Ending::quiet) text += ", closed when quiet";
  if (shape.pushes == any_push) {
    text += ", any push";
  } else if (shape.pushes != std::vector{Push::push}) {
    text.append(", ").append(to_string(shape.pushes));
  }
  if (shape.pops == any_pop) {
    text += ", any pop";
  } else if (shape.pops != std::vector{Pop::pop}) {
    text.append(", ").append(to_string(shape.pops));
  }
  return text;
}

std::string why_senseless(const Shape& shape) {
  const auto waits = [](auto form) { return waits_for_ever(form); };
  const bool a_push_waits = std::any_of(shape.pushes.begin(), shape.pushes.end(), waits);
  const bool a_pop_waits = std::any_of(shape.pops.begin(), shape.pops.end(), waits);
  const bool all_wait = std::all_of(shape.pushes.begin(), shape.pushes.end(), waits) &&
                        std::all_of(shape.pops.begin(), shape.pops.end(), waits);
  if (shape.ending == Shape::Ending::none && (a_push_waits || a_pop_waits) && !all_wait)
    return "some calls wait for ever and others do not: with the ending `none` one may be left";
  if (shape.ending == Shape::Ending::producers && a_push_waits && !a_pop_waits)
    return "pushes wait and pops do not: with the ending `producers` a push may be left";
  return "";
}

}  // namespace bq::explorer
