// Tells what is wrong with markup: a small strict parser of what SVG and our HTML may contain.
#pragma once

#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace harmonium::test {

class MarkupChecker {
 public:
  /// The empty string for one well-formed element (after a doctype); else what is wrong and where. `voids`
  /// are elements that have no end tag.
  static std::string problem(std::string_view text, const std::set<std::string>& voids = {}) {
    MarkupChecker checker(text, voids);
    return checker.run();
  }

 private:
  MarkupChecker(std::string_view text, const std::set<std::string>& voids) : text_(text), voids_(voids) {}

  std::string run() {
    if (text_.substr(0, 9) == "<!DOCTYPE") at_ = text_.find('>') + 1;
    while (problem_.empty() && at_ < text_.size()) {
      if (text_[at_] == '<') {
        tag();
      } else {
        character();
      }
    }
    if (problem_.empty() && !open_.empty()) fail("'" + open_.back() + "' is not closed");
    if (problem_.empty() && roots_ != 1) fail("there are " + std::to_string(roots_) + " roots");
    return problem_;
  }

  void fail(const std::string& what) {
    if (problem_.empty()) problem_ = what + " at byte " + std::to_string(at_);
  }

  /// Text outside tags, or within a quoted value.
  void character() {
    const char c = text_[at_];
    if (open_.empty() && !std::isspace(static_cast<unsigned char>(c))) fail("text outside the root");
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 && c != '\n' && c != '\t' && c != '\r') fail("a control character");
    if (c == '&') return entity();
    ++at_;
  }

  void entity() {
    for (const std::string_view known : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"}) {
      if (text_.substr(at_, known.size()) == known) {
        at_ += known.size();
        return;
      }
    }
    fail("an unknown entity");
    ++at_;
  }

  std::string name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '-' || text_[at_] == ':')) {
      ++at_;
    }
    if (at_ == begin) fail("a name is missing");
    return std::string(text_.substr(begin, at_ - begin));
  }

  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void tag() {
    ++at_;
    if (next() == '/') {
      ++at_;
      const std::string closed = name();
      if (open_.empty() || open_.back() != closed) return fail("'" + closed + "' closes nothing");
      open_.pop_back();
      if (next() != '>') return fail("an end tag goes on");
      ++at_;
      return;
    }
    const std::string opened = name();
    if (open_.empty()) ++roots_;
    open_.push_back(opened);
    attributes();
    const bool closes = next() == '/';
    if (closes) ++at_;
    if (next() != '>') return fail("a tag does not end");
    ++at_;
    if (closes || voids_.count(opened) != 0) open_.pop_back();
  }

  void attributes() {
    std::set<std::string> seen;
    while (problem_.empty() && next() == ' ') {
      ++at_;
      if (!seen.insert(name()).second) return fail("an attribute comes twice");
      if (text_.substr(at_, 2) != "=\"") return fail("a value is not quoted");
      at_ += 2;
      while (problem_.empty() && next() != '"') {
        if (at_ >= text_.size() || next() == '<') return fail("a value does not end");
        character();
      }
      ++at_;
    }
  }

  std::string_view text_;
  const std::set<std::string>& voids_;
  std::size_t at_ = 0, roots_ = 0;
  std::vector<std::string> open_;
  std::string problem_;
};

}  // namespace harmonium::test
