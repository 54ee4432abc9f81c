#include "harmonium/io/safetensors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <set>
#include <utility>

#include "harmonium/base/error.h"
#include "harmonium/io/atomic_file.h"
#include "harmonium/io/suggest.h"
#include "io/byte_source.h"
#include "io/bytes.h"
#include "io/json.h"

namespace harmonium {
namespace {

constexpr std::uint64_t kLongestHeader = 100'000'000;
constexpr const char* kMetadataKey = "__metadata__";

struct DTypeRow {
  DType dtype;
  std::string_view name;
  std::size_t size;
};
constexpr std::array<DTypeRow, 13> kDTypes = {{
    {DType::kBool, "BOOL", 1},
    {DType::kU8, "U8", 1},
    {DType::kI8, "I8", 1},
    {DType::kU16, "U16", 2},
    {DType::kI16, "I16", 2},
    {DType::kU32, "U32", 4},
    {DType::kI32, "I32", 4},
    {DType::kU64, "U64", 8},
    {DType::kI64, "I64", 8},
    {DType::kF16, "F16", 2},
    {DType::kBF16, "BF16", 2},
    {DType::kF32, "F32", 4},
    {DType::kF64, "F64", 8},
}};

const DTypeRow& row_of(DType dtype) {
  return *std::find_if(kDTypes.begin(), kDTypes.end(),
                       [&](const DTypeRow& row) { return row.dtype == dtype; });
}

template <class T>
Tensor make_tensor(std::string name, DType dtype, std::span<const T> values, std::vector<std::size_t> shape) {
  const auto size = checked_product(shape);
  check(size && *size == values.size(), "the values of a tensor fill its shape");
  Tensor tensor{std::move(name), dtype, std::move(shape), {}};
  const auto bytes = std::as_bytes(values);
  tensor.bytes.assign(bytes.begin(), bytes.end());
  return tensor;
}

template <class T>
std::span<const T> values_of(const Tensor& tensor, DType wanted) {
  if (tensor.dtype != wanted)
    throw InputError("tensor " + tensor.name + " holds " + std::string(dtype_name(tensor.dtype)) +
                     " numbers where " + std::string(dtype_name(wanted)) + " are needed.");
  return {reinterpret_cast<const T*>(tensor.bytes.data()), tensor.bytes.size() / sizeof(T)};
}

// A tensor as the header claims it, checked but not yet read.
struct Claim {
  Tensor tensor;
  std::uint64_t begin = 0, end = 0;
};

std::uint64_t whole_number(const SortedJson& value, const std::string& where) {
  if (!value.is_number_unsigned()) throw InputError(where + " must be a whole number from 0 up.");
  return value.get<std::uint64_t>();
}

Claim read_claim(const std::string& name, const SortedJson& entry, const std::string& path) {
  const std::string where = path + ": tensor " + printable(name);
  if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry.contains("shape") ||
      !entry.contains("data_offsets"))
    throw InputError(where + " must have dtype, shape and data_offsets, and nothing else.");
  Claim claim;
  claim.tensor.name = name;
  const SortedJson& dtype = entry["dtype"];
  const auto row = std::find_if(kDTypes.begin(), kDTypes.end(), [&](const DTypeRow& r) {
    return dtype.is_string() && dtype.get<std::string>() == r.name;
  });
  if (row == kDTypes.end())
    throw InputError(where + " has the unknown type " + printable(dtype.dump()) + ".");
  claim.tensor.dtype = row->dtype;
  if (!entry["shape"].is_array()) throw InputError(where + ": its shape must be a list.");
  for (const SortedJson& n : entry["shape"])
    claim.tensor.shape.push_back(whole_number(n, where + ": each size of its shape"));
  const SortedJson& offsets = entry["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2)
    throw InputError(where + ": its data_offsets must be a list of two.");
  claim.begin = whole_number(offsets[0], where + ": its first offset");
  claim.end = whole_number(offsets[1], where + ": its second offset");
  const auto bytes = checked_product(claim.tensor.shape, row->size);
  if (!bytes || claim.end < claim.begin || claim.end - claim.begin != *bytes)
    throw InputError(where + ": its shape " + shape_text(claim.tensor.shape) +
                     " does not fit the bytes that its offsets span.");
  return claim;
}

// Of the tensors `names`, in the order of their bytes; tensors without bytes stay in the header's order.
std::vector<Claim> read_claims(const SortedJson& header, const std::vector<std::string>& names,
                               const std::string& path, std::uint64_t data_bytes) {
  std::vector<Claim> claims;
  for (const std::string& name : names)
    if (name != kMetadataKey) claims.push_back(read_claim(name, header[name], path));
  std::stable_sort(claims.begin(), claims.end(), [](const Claim& a, const Claim& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t covered = 0;
  for (const Claim& claim : claims) {
    const std::string where = path + ": tensor " + printable(claim.tensor.name);
    if (claim.end > data_bytes)
      throw InputError(where + " ends at byte " + std::to_string(claim.end) +
                       " of the data, but there are only " + std::to_string(data_bytes) +
                       "; the file is cut short.");
    if (claim.begin < covered) throw InputError(where + " overlaps the one before it.");
    if (claim.begin > covered) throw InputError(where + " leaves a hole of unused bytes before it.");
    covered = claim.end;
  }
  if (covered != data_bytes)
    throw InputError(path + ": " + std::to_string(data_bytes - covered) +
                     " bytes are left over behind the tensors.");
  return claims;
}

std::map<std::string, std::string> read_metadata(const SortedJson& header, const std::string& path) {
  std::map<std::string, std::string> metadata;
  if (!header.contains(kMetadataKey)) return metadata;
  const SortedJson& entries = header[kMetadataKey];
  if (!entries.is_object()) throw InputError(path + ": __metadata__ must be an object of texts.");
  for (const auto& [key, value] : entries.items()) {
    if (!value.is_string()) throw InputError(path + ": the metadata " + printable(key) + " must be a text.");
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

// Entry by entry, in the order of the tensors; filled up so that the data begin at a multiple of 8.
std::string header_of(const TensorFile& file) {
  std::string text;
  const auto add = [&](const std::string& key, const Json& value) {
    text += (text.empty() ? "{" : ",") + dump_json(key) + ":" + dump_json(value);
  };
  if (!file.metadata.empty()) add(kMetadataKey, file.metadata);
  std::set<std::string_view> names{kMetadataKey};
  std::uint64_t offset = 0;
  for (const Tensor& tensor : file.tensors) {
    if (!names.insert(tensor.name).second)
      throw InputError("the tensor name \"" + printable(tensor.name) + "\" is taken already in one file.");
    check(checked_product(tensor.shape, dtype_size(tensor.dtype)) == tensor.bytes.size(),
          "the bytes of a tensor fill its shape");
    const std::uint64_t end = offset + tensor.bytes.size();
    add(tensor.name,
        {{"dtype", dtype_name(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}});
    offset = end;
  }
  text += text.empty() ? "{}" : "}";
  text.append((8 - text.size() % 8) % 8, ' ');
  if (text.size() > kLongestHeader)
    throw InputError("the names and texts of a tensor file take " + std::to_string(text.size()) +
                     " bytes; the format allows 100 MB.");
  return text;
}

}  // namespace

std::size_t dtype_size(DType dtype) {
  return row_of(dtype).size;
}
std::string_view dtype_name(DType dtype) {
  return row_of(dtype).name;
}

Tensor Tensor::from_f32(std::string name, std::span<const float> values, std::vector<std::size_t> shape) {
  return make_tensor(std::move(name), DType::kF32, values, std::move(shape));
}
Tensor Tensor::from_f64(std::string name, std::span<const double> values, std::vector<std::size_t> shape) {
  return make_tensor(std::move(name), DType::kF64, values, std::move(shape));
}
Tensor Tensor::from_u64(std::string name, std::span<const std::uint64_t> values,
                        std::vector<std::size_t> shape) {
  return make_tensor(std::move(name), DType::kU64, values, std::move(shape));
}
Tensor Tensor::from_i64(std::string name, std::span<const std::int64_t> values,
                        std::vector<std::size_t> shape) {
  return make_tensor(std::move(name), DType::kI64, values, std::move(shape));
}
Tensor Tensor::from_u32(std::string name, std::span<const std::uint32_t> values,
                        std::vector<std::size_t> shape) {
  return make_tensor(std::move(name), DType::kU32, values, std::move(shape));
}
Tensor Tensor::from_u8(std::string name, std::span<const std::uint8_t> values,
                       std::vector<std::size_t> shape) {
  return make_tensor(std::move(name), DType::kU8, values, std::move(shape));
}
Tensor Tensor::from_matrix(std::string name, ConstMatrixView<float> matrix) {
  std::vector<float> values;
  values.reserve(matrix.rows() * matrix.cols());
  for (std::size_t r = 0; r < matrix.rows(); ++r)
    values.insert(values.end(), matrix.row(r).begin(), matrix.row(r).end());
  return from_f32(std::move(name), values, {matrix.rows(), matrix.cols()});
}

std::span<const float> Tensor::as_f32() const {
  return values_of<float>(*this, DType::kF32);
}
std::span<const double> Tensor::as_f64() const {
  return values_of<double>(*this, DType::kF64);
}
std::span<const std::uint64_t> Tensor::as_u64() const {
  return values_of<std::uint64_t>(*this, DType::kU64);
}
std::span<const std::int64_t> Tensor::as_i64() const {
  return values_of<std::int64_t>(*this, DType::kI64);
}
std::span<const std::uint32_t> Tensor::as_u32() const {
  return values_of<std::uint32_t>(*this, DType::kU32);
}
std::span<const std::uint8_t> Tensor::as_u8() const {
  return values_of<std::uint8_t>(*this, DType::kU8);
}

std::size_t Tensor::size() const {
  return bytes.size() / dtype_size(dtype);
}

const Tensor* TensorFile::find(std::string_view name) const {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const Tensor& t) { return t.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

const Tensor& TensorFile::require(std::string_view name) const {
  if (const Tensor* tensor = find(name)) return *tensor;
  std::vector<std::string> names;
  for (const Tensor& tensor : tensors) names.push_back(tensor.name);
  throw InputError(path + ": has no tensor " + std::string(name) + did_you_mean(name, names));
}

const Tensor& TensorFile::require(std::string_view name, std::span<const std::size_t> shape) const {
  const Tensor& tensor = require(name);
  if (!std::equal(shape.begin(), shape.end(), tensor.shape.begin(), tensor.shape.end()))
    throw InputError(path + ": tensor " + tensor.name + " is " + shape_text(tensor.shape) + " where " +
                     shape_text(shape) + " is needed.");
  return tensor;
}

const Tensor& TensorFile::require(std::string_view name, std::initializer_list<std::size_t> shape) const {
  return require(name, std::span<const std::size_t>(shape.begin(), shape.size()));
}

std::span<const float> TensorFile::finite_f32(const Tensor& tensor) const {
  const auto values = tensor.as_f32();
  if (!std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); }))
    throw InputError(path + ": tensor " + tensor.name +
                     " holds a value that is not a finite number; the file is damaged or learning diverged.");
  return values;
}

const std::string& TensorFile::require_metadata(const std::string& key) const {
  const auto found = metadata.find(key);
  if (found == metadata.end()) throw InputError(path + ": its header has no metadata \"" + key + "\".");
  return found->second;
}

TensorFile read_safetensors(const std::filesystem::path& path) {
  const auto source = open_plain(path);
  const std::string name = path.string();
  const auto length_bytes = source->read_exactly(8, "the length of the header");
  const auto length = load_little<std::uint64_t>(length_bytes.data());
  if (length > kLongestHeader || length > source->at_most())
    throw InputError(name + ": claims a header of " + std::to_string(length) +
                     " bytes, more than there are; it is cut short or not a safetensors file.");
  const auto text = source->read_exactly(length, "the header");
  std::vector<std::string> names;
  const SortedJson header = parse_sorted_json(
      std::string_view(reinterpret_cast<const char*>(text.data()), text.size()), name + " (header)", names);
  if (!header.is_object()) throw InputError(name + ": its header must be a JSON object.");

  // Pipes cannot say how much is to come; their data are read whole before the claims are believed.
  std::vector<std::byte> rest;
  std::uint64_t data_bytes = source->at_most();
  const bool known = source->exact();
  if (!known) {
    std::byte chunk[1 << 16];
    while (const std::size_t got = source->read_some(chunk)) rest.insert(rest.end(), chunk, chunk + got);
    data_bytes = rest.size();
  }
  TensorFile file;
  file.path = name;
  file.metadata = read_metadata(header, name);
  for (Claim& claim : read_claims(header, names, name, data_bytes)) {
    claim.tensor.bytes.resize(claim.end - claim.begin);
    const std::span<std::byte> into(claim.tensor.bytes.data(), claim.tensor.bytes.size());
    if (known && source->read_full(into) != into.size())
      throw InputError(name + ": tensor " + printable(claim.tensor.name) + " is cut short.");
    if (!known) std::copy_n(rest.data() + claim.begin, into.size(), into.data());
    file.tensors.push_back(std::move(claim.tensor));
  }
  return file;
}

void write_safetensors(const std::filesystem::path& path, const TensorFile& file) {
  const std::string header = header_of(file);
  const std::uint64_t length = header.size();
  write_file_atomically(path, [&](AtomicFile& out) {
    out.write(std::as_bytes(std::span(&length, 1)));
    out.write(header);
    for (const Tensor& tensor : file.tensors)
      out.write(std::span<const std::byte>(tensor.bytes.data(), tensor.bytes.size()));
  });
}

}  // namespace harmonium
