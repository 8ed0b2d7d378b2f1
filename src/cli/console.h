// What a command shows: text or one JSON document on standard output, errors with their hints.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"
#include "cli/json.h"

namespace pgkeep::cli {

// Where and how to show.
struct ConsoleOptions {
  std::FILE* out = stdout;
  std::FILE* err = stderr;
  bool json = false;
  bool quiet = false;
  bool color = false;  // of the errors on `err`
};

// The output of one command. With json nothing but the document goes to `out`, at Finish; without,
// the document is ignored. One thread at a time; the files outlive it.
class Console {
 public:
  explicit Console(const ConsoleOptions& options) : options_(options) {}

  // One line of the result. Ignored with json.
  void Print(std::string_view line);

  // One line of explanation, which --quiet leaves out. Ignored with json.
  void Note(std::string_view line);

  // One line on standard error, for what the user should know although the command goes on. With
  // json it goes into the document, as "warnings".
  void Warn(const std::string& text);

  // The root of the document, an object.
  Json& document() { return document_; }

  // Shows the error, if there is one, and the document; returns the exit status. An output that
  // cannot be written (a full disk, a closed pipe) is a failure too. Call once.
  int Finish(const Status& status);

 private:
  void ShowError(const Error& error);

  const ConsoleOptions options_;
  Json document_ = Json::MakeObject();
  Json warnings_ = Json::MakeArray();
  bool warned_ = false;
};

}  // namespace pgkeep::cli
