// A net as text: "784 - rectified 800 - softmax 10".
#include "models/network_text.h"

#include <array>
#include <charconv>

#include "harmonium/base/error.h"
#include "harmonium/io/suggest.h"

namespace harmonium {
namespace {

constexpr std::size_t kMostUnits = std::size_t{1} << 24, kMostWeights = std::size_t{1} << 32;

constexpr std::array kActivations = {Activation::kLinear, Activation::kLogistic, Activation::kRectified,
                                     Activation::kTanh, Activation::kSoftmax};

Activation parse_activation(std::string_view word, const std::string& part) {
  std::vector<std::string> names;
  for (const Activation activation : kActivations) {
    if (activation_name(activation) == word) return activation;
    names.emplace_back(activation_name(activation));
  }
  throw InputError("there is no kind of layer '" + std::string(word) + "' (in '" + part + "')" +
                   did_you_mean(std::string(word), names));
}

std::size_t parse_units(std::string_view word, const std::string& part) {
  std::size_t units = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), units);
  if (error != std::errc() || end != word.data() + word.size() || units < 1 || units > kMostUnits)
    throw InputError("'" + std::string(word) + "' in '" + part +
                     "' is not a size, a whole number from 1 to " + std::to_string(kMostUnits) +
                     "; write a net as \"784 - rectified 800 - softmax 10\"");
  return units;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t end; (end = text.find(separator)) != std::string_view::npos; text.remove_prefix(end + 1))
    parts.push_back(text.substr(0, end));
  parts.push_back(text);
  return parts;
}

}  // namespace

std::string_view activation_name(Activation activation) {
  constexpr std::array<std::string_view, kActivations.size()> kNames = {"linear", "logistic", "rectified",
                                                                        "tanh", "softmax"};
  return kNames[static_cast<std::size_t>(activation)];
}

std::string_view task_name(NetworkTask task) {
  return task == NetworkTask::kClassify ? "classify" : "reconstruct";
}

std::string Network::to_string() const {
  std::string text = std::to_string(inputs());
  for (const NetworkLayer& layer : layers)
    text += " - " + std::string(activation_name(layer.activation)) + " " + std::to_string(layer.bias.size());
  return text;
}

std::vector<NetworkLayerShape> parse_network(std::string_view text) {
  const std::string whole(text);
  std::vector<NetworkLayerShape> layers;
  std::size_t below = 0;
  for (const std::string_view part : split(text, '-')) {
    auto words = split(part, ' ');
    std::erase(words, "");
    if (words.empty() || words.size() > (below == 0 ? 1 : 2))
      throw InputError("'" + whole + "' is no net; write it as \"784 - rectified 800 - softmax 10\"");
    const std::size_t units = parse_units(words.back(), whole);
    if (below > 0) {
      if (below > kMostWeights / units)
        throw InputError("'" + whole + "' has more than 2^32 weights between two layers");
      const auto activation =
          words.size() == 2 ? parse_activation(words.front(), whole) : Activation::kLogistic;
      layers.push_back({activation, below, units});
    }
    below = units;
  }
  if (layers.empty()) throw InputError("'" + whole + "' has one layer, but a net has two or more");
  return layers;
}

}  // namespace harmonium
