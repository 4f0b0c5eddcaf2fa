// toml++, the same in every source that includes it.
#pragma once

#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>
