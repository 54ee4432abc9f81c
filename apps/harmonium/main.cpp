// The command line: parses, calls the library, prints. Results go to standard output, progress and warnings
// to standard error. Exit codes: 0 done, 1 failed while working, 2 bad usage or bad input, 130 stopped by
// Ctrl-C after a checkpoint.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "command.h"
#include "harmonium/base/error.h"
#include "harmonium/base/version.h"
#include "harmonium/io/suggest.h"
#include "harmonium/kernels/isa.h"

namespace {

std::atomic<bool> stop_requested{false}, can_save{false};

// The first Ctrl-C asks for a checkpoint and an end; the second, or where there is nothing to save, ends at
// once.
extern "C" void on_interrupt(int) {
  if (!can_save || stop_requested.exchange(true)) _exit(130);
  static constexpr char kText[] = "\nharmonium: saving a checkpoint; press Ctrl-C again to end at once\n";
  const auto written = write(STDERR_FILENO, kText, sizeof kText - 1);
  (void)written;
}

constexpr const char* kFooter =
    "Examples:\n"
    "  harmonium run recipes/mnist-dbn.toml --out runs/mnist-dbn\n"
    "  harmonium train mnist --layers \"data - 500\" --epochs 10 --out digits.safetensors\n"
    "  harmonium sample digits.safetensors -n 100 --steps 1000 --out fantasies.png\n"
    "  harmonium evaluate digits.safetensors mnist --part test\n"
    "Each command has a help of its own: harmonium train --help";

std::string typed(int argc, char** argv) {
  std::string line = "harmonium";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool plain = !word.empty() && word.find_first_not_of(
                                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789-_=./,:+%@") == std::string::npos;
    line += plain ? " " + word : " '" + word + "'";
  }
  return line;
}

void add_globals(CLI::App& app, harmonium::app::Globals& globals) {
  app.add_option("--threads", globals.threads, "threads to use; 0 takes every processor")
      ->check(harmonium::app::whole_number(0, 1024));
  app.add_option("--seed", globals.seed, "every random number follows from it (default: 1, or the recipe's)")
      ->check(harmonium::app::whole_number(0));
  app.add_option("--precision", globals.precision, "of the products in training: auto, f32 or bf16")
      ->check(CLI::IsMember({"auto", "f32", "bf16"}));
  app.add_flag("--quiet", globals.quiet, "no progress on standard error, only warnings and errors");
  app.add_flag("--json", globals.json, "print one JSON object, and nothing else, on standard output");
}

int complain(const std::string& sentence, int code) {
  std::fprintf(stderr, "harmonium: %s\n", sentence.c_str());
  return code;
}

// CLI11 says of a mistyped command (or, as in `data lst`, one of its own) only that one is required.
std::string unknown_command(const CLI::App& app, int argc, char** argv) {
  const CLI::App* at = &app;
  std::string path = "harmonium";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.empty() || word[0] == '-') continue;
    std::vector<std::string> names;
    for (const CLI::App* command : at->get_subcommands({})) names.push_back(command->get_name());
    if (names.empty()) return {};
    if (std::find(names.begin(), names.end(), word) == names.end())
      return "unknown command " + word + harmonium::did_you_mean(word, names) + " (see `" + path +
             " --help`)";
    at = at->get_subcommand(word);
    path += " " + word;
  }
  return {};
}

// The first word that nothing takes, with the nearest option where it looks like one.
std::string unexpected_word(const CLI::App& app) {
  const CLI::App* at = &app;
  std::string path = "harmonium";
  std::vector<std::string> options;
  while (true) {
    for (const CLI::Option* option : at->get_options())
      for (const std::string& name : option->get_lnames()) options.push_back("--" + name);
    if (at->get_subcommands().empty()) break;
    at = at->get_subcommands().front();
    path += " " + at->get_name();
  }
  std::vector<std::string> words = app.remaining(true);
  if (words.empty()) return {};
  const auto dashed =
      std::find_if(words.begin(), words.end(), [](const auto& w) { return w.starts_with('-'); });
  if (dashed == words.end())
    return "there is one argument too many, " + words.front() + " (see `" + path + " --help`)";
  const std::string name = dashed->substr(0, dashed->find('='));
  return "unknown option " + name + harmonium::did_you_mean(name, options) + " (see `" + path + " --help`)";
}

// "harmonium data describe", as far as the words were understood.
std::string command_name(const CLI::App& app) {
  std::string name = "harmonium";
  for (auto chosen = app.get_subcommands(); !chosen.empty(); chosen = chosen.front()->get_subcommands())
    name += " " + chosen.front()->get_name();
  return name;
}

// What CLI11 found wrong, in a sentence that names the help of the command that was meant.
std::string usage_sentence(const CLI::App& app, const CLI::ParseError& error) {
  std::string text = error.what();
  constexpr std::string_view kNoValue = " missing";
  if (error.get_name() == "ArgumentMismatch" && text.ends_with(kNoValue) &&
      text.find(':') != std::string::npos)
    text = text.substr(0, text.find(':')) + " needs a value";
  // "--steps: -3 must be ..." is "--steps -3 must be ...".
  const auto colon = text.find(": ");
  if (error.get_name() == "ValidationError" && text.find(" must be ") != std::string::npos &&
      colon != std::string::npos)
    text.erase(colon, 1);
  return text + " (see `" + command_name(app) + " --help`)";
}

// True where nobody reads standard output any more, as in `harmonium ... | head`.
bool is_reader_gone() {
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  return poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

// False where standard output could not take everything (but for a reader that has gone).
bool output_was_written() {
  const bool failed = std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
  return !failed || is_reader_gone();
}

constexpr const char* kOutputFault = "standard output could not be written: is the disk full?";

// Help and the version are errors to CLI11, with exit code 0.
int leave(const CLI::App& app, const CLI::Success& help) {
  app.exit(help);
  std::cout.flush();
  return std::cout && output_was_written() ? 0 : complain(kOutputFault, 1);
}

int run_action(const harmonium::app::Action& action) {
  try {
    harmonium::cap_instruction_set_from_environment();
    const int code = action();
    return output_was_written() ? code : complain(kOutputFault, 1);
  } catch (const harmonium::InputError& error) {
    return complain(error.what(), 2);
  } catch (const harmonium::WorkError& error) {
    return complain(error.what(), 1);
  } catch (const std::bad_alloc&) {
    return complain("out of memory; use fewer units, chains or cases.", 1);
  } catch (const std::exception& error) {
    return complain(std::string("failed: ") + error.what(), 1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // writing beyond `ulimit -f` is then an error with a sentence

  CLI::App app("harmonium: restricted Boltzmann machines, deep belief nets and what is built on them.",
               "harmonium");
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", harmonium::version());
  app.footer(kFooter);

  harmonium::app::Globals globals;
  globals.command_line = typed(argc, argv);
  globals.stop = &stop_requested;
  globals.can_save = &can_save;
  harmonium::app::Action action;
  add_globals(app, globals);
  harmonium::app::add_run(app, globals, action);
  harmonium::app::add_train(app, globals, action);
  harmonium::app::add_sample(app, globals, action);
  harmonium::app::add_reconstruct(app, globals, action);
  harmonium::app::add_encode(app, globals, action);
  harmonium::app::add_decode(app, globals, action);
  harmonium::app::add_classify(app, globals, action);
  harmonium::app::add_impute(app, globals, action);
  harmonium::app::add_evaluate(app, globals, action);
  harmonium::app::add_inspect(app, globals, action);
  harmonium::app::add_data(app, globals, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    // A word that nobody knows is the likelier reason than one that was left out.
    std::string sentence = unknown_command(app, argc, argv);
    if (sentence.empty()) sentence = unexpected_word(app);
    return complain(sentence.empty() ? usage_sentence(app, error) : sentence, 2);
  } catch (const CLI::ExtrasError& error) {
    const std::string sentence = unexpected_word(app);
    return complain(sentence.empty() ? usage_sentence(app, error) : sentence, 2);
  } catch (const CLI::Success& help) {
    return leave(app, help);
  } catch (const CLI::ParseError& error) {
    return complain(usage_sentence(app, error), 2);
  }
  return run_action(action);
}
