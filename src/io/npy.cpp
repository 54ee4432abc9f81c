#include "harmonium/io/npy.h"

#include <zip.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "harmonium/base/error.h"
#include "harmonium/io/atomic_file.h"
#include "harmonium/io/suggest.h"
#include "io/byte_source.h"
#include "io/bytes.h"
#include "io/npy_header.h"

namespace harmonium {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kLongestHeader = 1 << 20;
constexpr std::size_t kMostDimensions = 64;  // as NumPy 2

struct TypeRow {
  std::string_view code;
  ElementType type;
};
constexpr std::array<TypeRow, 9> kTypes = {{{"u1", ElementType::kU8},
                                            {"b1", ElementType::kU8},
                                            {"i1", ElementType::kI8},
                                            {"u2", ElementType::kU16},
                                            {"i2", ElementType::kI16},
                                            {"i4", ElementType::kI32},
                                            {"i8", ElementType::kI64},
                                            {"f4", ElementType::kF32},
                                            {"f8", ElementType::kF64}}};

struct Header {
  std::optional<std::string> descr;
  std::optional<bool> fortran;
  std::optional<std::vector<std::size_t>> shape;
};

// Reads the header, a Python dictionary such as {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.
class HeaderParser {
 public:
  HeaderParser(const std::string& file, std::string_view text) : file_(file), rest_(text), text_(text) {}

  Header parse() {
    Header header;
    expect("{");
    while (!accept("}")) {
      read_entry(header);
      if (!accept(",") && next() != '}') refuse("a comma or '}'");
    }
    if (next() != '\0') refuse("the end");
    if (!header.descr || !header.fortran || !header.shape)
      throw InputError(file_ + ": its .npy header must have descr, fortran_order and shape.");
    return header;
  }

 private:
  void read_entry(Header& header) {
    const std::string key = read_quoted();
    key_ = key;
    expect(":");
    if (key == "descr") {
      if (next() == '[')
        throw InputError(file_ + ": holds records; save each of their fields as an array of its own.");
      header.descr = read_quoted();
    } else if (key == "fortran_order") {
      header.fortran = accept("True");
      if (!*header.fortran) expect("False");
    } else if (key == "shape") {
      header.shape = read_shape();
    } else {
      throw InputError(file_ + ": its .npy header has the unknown key '" + printable(key) + "'.");
    }
  }

  std::string read_quoted() {
    const char quote = next();
    const auto end = quote == '\'' || quote == '"' ? rest_.find(quote, 1) : std::string_view::npos;
    if (end == std::string_view::npos) refuse("a word in quotes");
    const std::string word(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return word;
  }

  std::vector<std::size_t> read_shape() {
    std::vector<std::size_t> shape;
    expect("(");
    while (!accept(")")) {
      std::size_t n = 0;
      next();
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), n);
      if (error != std::errc()) refuse("a whole number from 0 up");
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      if (rest_.starts_with('L')) rest_.remove_prefix(1);  // written by Python 2
      if (shape.size() == kMostDimensions) refuse("a shape of at most 64 dimensions");
      shape.push_back(n);
      if (!accept(",") && next() != ')') refuse("a comma or ')'");
    }
    return shape;
  }

  // The next character that is not blank; zero at the end.
  char next() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    return rest_.empty() ? '\0' : rest_[0];
  }
  bool accept(std::string_view word) {
    next();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void expect(std::string_view word) {
    if (!accept(word)) refuse("'" + std::string(word) + "'");
  }
  [[noreturn]] void refuse(const std::string& wanted) const {
    throw InputError(file_ + ": its .npy header is damaged: at byte " +
                     std::to_string(text_.size() - rest_.size()) + " of it" +
                     (key_.empty() ? "" : ", at or after '" + printable(key_) + "',") + " there should be " +
                     wanted + ".");
  }

  const std::string& file_;
  std::string_view rest_, text_;
  std::string key_;  // the last one read
};

struct StoredType {
  ElementType type;
  bool big_endian, boolean;
};

StoredType stored_type(const std::string& descr, const std::string& file) {
  std::string_view code = descr;
  const bool has_order = code.find_first_of("<>|=") == 0;
  if (has_order) code.remove_prefix(1);
  const auto row =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeRow& r) { return r.code == code; });
  if (row == kTypes.end())
    throw InputError(file + ": holds numbers of type '" + printable(descr) +
                     "'; u1, i1, u2, i2, i4, i8, f4, f8 and b1 can be read, so convert it, for example with "
                     "array.astype('float32').");
  return {row->type, descr[0] == '>', code == "b1"};
}

std::string read_header_text(ByteSource& source) {
  const std::string& name = source.name();
  const auto magic = source.read_exactly(8, "the .npy header");
  if (std::string_view(reinterpret_cast<const char*>(magic.data()), 6) != kMagic)
    throw InputError(name + ": is not an .npy file; it must begin with \\x93NUMPY.");
  const auto major = std::to_integer<unsigned>(magic[6]);
  if (major < 1 || major > 3)
    throw InputError(name + ": has .npy format " + std::to_string(major) + "; formats 1 to 3 can be read.");
  const std::size_t width = major == 1 ? 2 : 4;
  const auto length_bytes = source.read_exactly(width, "the length of the .npy header");
  const std::size_t length = width == 2 ? load_little<std::uint16_t>(length_bytes.data())
                                        : load_little<std::uint32_t>(length_bytes.data());
  if (length > kLongestHeader)
    throw InputError(name + ": its .npy header is longer than 1 MiB; it is damaged.");
  const auto bytes = source.read_exactly(length, "the .npy header");
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Fortran order runs through the first index fastest.
void turn_to_c_order(NumericArray& array) {
  const std::size_t width = element_size(array.type), count = array.size();
  std::vector<std::byte> turned(array.bytes.size());
  std::vector<std::size_t> index(array.shape.size(), 0);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t from = 0, stride = 1;
    for (std::size_t d = 0; d < index.size(); ++d) from += index[d] * stride, stride *= array.shape[d];
    std::copy_n(array.bytes.data() + from * width, width, turned.data() + i * width);
    for (std::size_t d = index.size(); d-- > 0;) {
      if (++index[d] < array.shape[d]) break;
      index[d] = 0;
    }
  }
  array.bytes = std::move(turned);
}

NumericArray read_array(ByteSource& source) {
  NpyHeader header = read_npy_header(source);
  NumericArray array{header.type, std::move(header.shape), {}};
  const std::size_t width = element_size(array.type);
  array.bytes = source.read_exactly(*checked_product(array.shape, width), "the numbers");
  source.expect_end("the numbers");
  if (header.big_endian) swap_bytes(array.bytes, width);
  if (header.fortran && array.shape.size() > 1) turn_to_c_order(array);
  if (header.boolean)
    for (std::byte& value : array.bytes) value = std::byte{value != std::byte{0}};
  return array;
}

// A .npz archive: a zip file of .npy files. Other members are passed over.
class Archive {
 public:
  explicit Archive(const std::filesystem::path& path) : path_(path.string()) {
    size_ = open_plain(path)->at_most();  // also for its errors about paths
    int code = 0;
    zip_.reset(zip_open(path_.c_str(), ZIP_RDONLY, &code));
    if (!zip_) throw InputError(path_ + ": is not an .npz archive, or is cut short or damaged.");
  }
  const std::string& path() const { return path_; }
  zip_t* get() const { return zip_.get(); }
  std::uint64_t size() const { return size_; }

  struct Member {
    zip_uint64_t index;
    std::string name;  // without .npy
  };
  std::vector<Member> members() const {
    std::vector<Member> result;
    std::set<std::string> seen;
    for (zip_int64_t i = 0; i < zip_get_num_entries(zip_.get(), 0); ++i) {
      const auto index = static_cast<zip_uint64_t>(i);
      const char* raw = zip_get_name(zip_.get(), index, ZIP_FL_ENC_RAW);
      std::string name = raw ? raw : "";
      if (!name.ends_with(".npy")) continue;
      name.resize(name.size() - 4);
      if (!seen.insert(name).second)
        throw InputError(path_ + ": holds the array \"" + printable(name) + "\" twice.");
      result.push_back({index, std::move(name)});
    }
    return result;
  }

 private:
  struct Discard {
    void operator()(zip_t* zip) const { zip_discard(zip); }
  };
  std::string path_;
  std::uint64_t size_ = 0;
  std::unique_ptr<zip_t, Discard> zip_;
};

// One member, unpacked as it is read.
class MemberSource final : public ByteSource {
 public:
  MemberSource(const Archive& archive, const Archive::Member& member)
      : ByteSource(archive.path() + ":" + printable(member.name)) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    constexpr zip_uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
    if (zip_stat_index(archive.get(), member.index, 0, &stat) != 0 || (stat.valid & kNeeded) != kNeeded)
      throw InputError(name() + ": the archive's directory is damaged.");
    // The directory may lie about both sizes; the file itself bounds them.
    const std::uint64_t packed = std::min<std::uint64_t>(stat.comp_size, archive.size());
    left_ = std::min<std::uint64_t>(stat.size, (packed + 64) * kDeflateRatio);
    file_.reset(zip_fopen_index(archive.get(), member.index, 0));
    if (!file_)
      throw InputError(name() + ": cannot be unpacked (damaged, encrypted or packed in an unknown way).");
  }
  std::uint64_t at_most() const override { return left_; }

 protected:
  std::size_t read_raw(std::span<std::byte> out) override {
    const zip_int64_t got = zip_fread(file_.get(), out.data(), out.size());
    if (got < 0) throw InputError(name() + ": its packed data are damaged or cut short.");
    left_ -= std::min<std::uint64_t>(left_, static_cast<std::uint64_t>(got));
    return static_cast<std::size_t>(got);
  }

 private:
  struct Close {
    void operator()(zip_file_t* file) const { zip_fclose(file); }
  };
  std::unique_ptr<zip_file_t, Close> file_;
  std::uint64_t left_ = 0;
};

}  // namespace

NpyHeader read_npy_header(ByteSource& source) {
  const std::string text = read_header_text(source);
  Header header = HeaderParser(source.name(), text).parse();
  const StoredType stored = stored_type(*header.descr, source.name());
  NpyHeader result{stored.type, stored.big_endian, stored.boolean, *header.fortran, std::move(*header.shape)};
  const auto bytes = checked_product(result.shape, element_size(result.type));
  if (!bytes || *bytes > source.at_most())
    throw InputError(source.name() + ": its header claims " + shape_text(result.shape) +
                     " numbers, more than the file holds; it is cut short or damaged.");
  return result;
}

NumericArray read_npy(const std::filesystem::path& path) {
  const auto source = open_plain(path);
  return read_array(*source);
}

void write_npy(const std::filesystem::path& path, const NumericArray& array) {
  const auto row =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeRow& r) { return r.type == array.type; });
  std::string shape;
  for (const std::size_t n : array.shape) shape += std::to_string(n) + ", ";
  if (array.shape.size() > 1) shape.resize(shape.size() - 2);
  if (array.shape.size() == 1) shape.resize(shape.size() - 1);
  std::string header = "{'descr': '" + std::string(element_size(array.type) == 1 ? "|" : "<") +
                       std::string(row->code) + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  // The numbers begin at a multiple of 64 bytes; 10 bytes and a line end belong to the header.
  header.append((64 - (header.size() + 11) % 64) % 64, ' ');
  header += '\n';
  check(header.size() < 65536, "an .npy header of format 1 is shorter than 64 KiB");
  const auto length = static_cast<std::uint16_t>(header.size());
  write_file_atomically(path, [&](AtomicFile& out) {
    out.write(kMagic);
    out.write(std::string_view("\x01\x00", 2));
    out.write(std::as_bytes(std::span(&length, 1)));
    out.write(header);
    out.write(array.bytes);
  });
}

std::vector<std::string> npz_names(const std::filesystem::path& path) {
  std::vector<std::string> names;
  for (auto& member : Archive(path).members()) names.push_back(std::move(member.name));
  return names;
}

NumericArray read_npz(const std::filesystem::path& path, const std::string& name) {
  const Archive archive(path);
  std::vector<std::string> names;
  std::string list;
  for (const Archive::Member& member : archive.members()) {
    if (member.name == name) {
      MemberSource source(archive, member);
      return read_array(source);
    }
    names.push_back(member.name);
    list += (list.empty() ? "" : ", ") + printable(member.name);
  }
  throw InputError(archive.path() + ": has no array \"" + name + "\"; it holds " +
                   (list.empty() ? "none" : list) + did_you_mean(name, names));
}

std::map<std::string, NumericArray> read_npz(const std::filesystem::path& path) {
  const Archive archive(path);
  std::map<std::string, NumericArray> arrays;
  for (const Archive::Member& member : archive.members()) {
    MemberSource source(archive, member);
    arrays[member.name] = read_array(source);
  }
  return arrays;
}

}  // namespace harmonium
