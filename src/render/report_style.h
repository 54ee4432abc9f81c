// The style sheet of reports.
#pragma once

#include <string_view>

namespace harmonium {

/// CSS for the page that Report makes: light and dark, narrow and wide, screen and paper.
std::string_view report_style();

}  // namespace harmonium
