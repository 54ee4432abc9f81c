// Numbers as people read them.
#pragma once

#include <string>

namespace harmonium {

/// `value` rounded to `significant` digits (1 to 17) but never before the point, without needless zeros:
/// "-86.34" with a true minus sign, "60,000", "0.00012"; outside [1e-5, 1e7) "1.5e-7"; "NaN", "infinite".
/// The same in every locale.
std::string number_text(double value, int significant = 4);

}  // namespace harmonium
