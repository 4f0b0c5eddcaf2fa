#include "tests/explorer/explorer.h"
