// Numbers as people read them, whatever the locale: std::to_chars, then made pleasant.
#include "render/number.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace harmonium {
namespace {

constexpr const char* kTrueMinus = "\xE2\x88\x92";

std::string characters(double value, std::chars_format format, int precision) {
  char buffer[400];  // fixed notation of the largest double has 309 digits
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value, format, precision);
  return {buffer, result.ptr};
}

void drop_needless_zeros(std::string& text) {
  if (text.find('.') == std::string::npos) return;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
}

/// "60000" becomes "60,000"; four digits stay together only before a fraction.
void group_thousands(std::string& text) {
  const std::size_t whole = std::min(text.find('.'), text.size());
  for (std::size_t i = whole; i > 3;) text.insert(i -= 3, ",");
}

/// "1.50e-07" becomes "1.5e-7".
std::string scientific(double magnitude, int significant) {
  std::string text = characters(magnitude, std::chars_format::scientific, significant - 1);
  std::string digits = text.substr(0, text.find('e'));
  drop_needless_zeros(digits);
  return digits + "e" + std::to_string(std::stoi(text.substr(text.find('e') + 1)));
}

std::string magnitude_text(double magnitude, int significant) {
  // Rounding comes first: 9999999.9 with few digits is 1e7.
  const std::string rounded = characters(magnitude, std::chars_format::scientific, significant - 1);
  const int exponent = std::stoi(rounded.substr(rounded.find('e') + 1));
  if (exponent < -5 || exponent >= 7) return scientific(magnitude, significant);
  std::string text = characters(magnitude, std::chars_format::fixed, std::max(0, significant - 1 - exponent));
  drop_needless_zeros(text);
  group_thousands(text);
  return text;
}

}  // namespace

std::string number_text(double value, int significant, MinusSign minus) {
  if (std::isnan(value)) return "NaN";
  const std::string sign = !(value < 0) ? "" : minus == MinusSign::kTrue ? kTrueMinus : "-";
  if (std::isinf(value)) return sign + "infinite";
  if (value == 0) return "0";
  return sign + magnitude_text(std::abs(value), std::clamp(significant, 1, 17));
}

std::string number_text(double value, int significant) {
  return number_text(value, significant, MinusSign::kTrue);
}

std::string coordinate(double value) {
  std::string text = characters(value, std::chars_format::fixed, 2);
  drop_needless_zeros(text);
  return text == "-0" ? "0" : text;
}

}  // namespace harmonium
