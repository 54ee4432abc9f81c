// Numbers as people read them, whatever the locale.
#pragma once

#include <string>

#include "harmonium/render/number.h"

namespace harmonium {

/// Private form of number_text for fonts without the true minus sign.
enum class MinusSign { kTrue, kAscii };
std::string number_text(double value, int significant, MinusSign minus);

/// A coordinate with at most two decimals and no needless zeros.
std::string coordinate(double value);

}  // namespace harmonium
