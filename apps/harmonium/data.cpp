// `harmonium data`: what ships, what a file holds, other formats.
#include <cstdio>

#include "command.h"
#include "harmonium/base/error.h"
#include "harmonium/data/describe.h"
#include "harmonium/data/load.h"
#include "harmonium/io/atomic_file.h"

namespace harmonium::app {
namespace {

struct Options {
  std::string source, part, out;
  std::size_t limit = 0;
};

int list(const Globals& globals) {
  Json json = Json::array();
  for (const NamedDataset& set : list_datasets()) {
    json.push_back(
        {{"name", set.name}, {"description", set.description}, {"parts", set.parts}, {"here", set.is_here}});
    if (!globals.json)
      std::printf("%-22s %s%s\n", set.name.c_str(), set.description.c_str(),
                  set.is_here ? "" : " (files not found)");
  }
  if (globals.json) print_json({{"datasets", json}});
  return 0;
}

int describe_file(const Globals& globals, const Options& o) {
  DataRequest request;
  request.source = o.source;
  request.part = o.part;
  const Description description = describe(request);
  if (!o.out.empty()) write_file_atomically(o.out, description.to_toml());
  if (globals.json)
    print_json({{"summary", description.summary},
                {"cases", description.cases},
                {"layer", description.schema.layer().to_string()},
                {"columns", Json::parse(description.schema.to_json())}});
  else if (o.out.empty())
    std::printf("%s", description.to_toml().c_str());
  else
    std::printf("%s: columns of %s; edit it, then put it into a recipe as [data.columns]\n", o.out.c_str(),
                o.source.c_str());
  return 0;
}

int convert_data(const Globals& globals, const Options& o) {
  DataRequest request;
  request.source = o.source;
  request.part = o.part;
  request.limit = o.limit;
  const Dataset data = load_dataset(request);
  convert(data, o.out);
  if (globals.json)
    print_json({{"file", o.out}, {"cases", data.size()}, {"hash", data.hash()}});
  else
    std::printf("%s: %zu cases of %s\n", o.out.c_str(), data.size(), data.name().c_str());
  return 0;
}

}  // namespace

void add_data(CLI::App& app, Globals& globals, Action& action) {
  auto* command = app.add_subcommand("data", "what ships, what a file holds, other formats");
  command->require_subcommand(1);
  command->fallthrough();
  auto o = std::make_shared<Options>();

  auto* lister = command->add_subcommand("list", "named data sets");
  lister->footer("Example:\n  harmonium data list");
  lister->callback([&globals, &action] { action = [&globals] { return list(globals); }; });

  auto* describer =
      command->add_subcommand("describe", "the columns that a file has, as TOML to edit and give back");
  describer->add_option("PATH", o->source, "a path or a named data set")->required();
  describer->add_option("--part", o->part, "part of a named data set: train or test");
  describer->add_option("--out", o->out, "file to write instead of standard output");
  describer->footer("Example:\n  harmonium data describe patients.csv --out columns.toml");
  describer->callback(
      [&globals, &action, o] { action = [&globals, o] { return describe_file(globals, *o); }; });

  auto* converter = command->add_subcommand("convert", "writes data as .npy, .idx (also .gz) or .csv");
  converter->add_option("SOURCE", o->source, "a path or a named data set")->required();
  converter->add_option("--part", o->part, "part of a named data set: train or test");
  converter->add_option("--limit", o->limit, "the first so many cases; 0 takes all")->check(whole_number(0));
  converter->add_option("--out", o->out, "file to write")->required();
  converter->footer("Example:\n  harmonium data convert mnist --part test --out digits.npy");
  converter->callback(
      [&globals, &action, o] { action = [&globals, o] { return convert_data(globals, *o); }; });
  command->footer("Examples:\n  harmonium data list\n  harmonium data describe patients.csv");
}

}  // namespace harmonium::app
