// Runs the program inside a test.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file_util.h"
#include "cli/program.h"
#include "testing/temporary_directory.h"

namespace pgkeep::cli {

using Words = std::vector<std::string>;

// A machine of its own for one test: a directory, variables, and files in place of the terminal.
class ProgramTestKit : public ::testing::Test {
 protected:
  struct Outcome {
    int status = 0;
    std::string out;
    std::string err;
  };

  ProgramTestKit() {
    environment_.variable = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      if (found == variables_.end()) return std::nullopt;
      return found->second;
    };
    environment_.current_directory = directory_.path();
    environment_.host = "test";
    variables_["PGKEEP_STATE_DIR"] = directory_.Join("state");
  }

  Outcome Run(const Words& words) {
    const std::string out = directory_.Join("out");
    const std::string err = directory_.Join("err");
    Outcome outcome;
    {
      const auto close = [](std::FILE* file) { std::fclose(file); };
      const std::unique_ptr<std::FILE, decltype(close)> out_file(std::fopen(out.c_str(), "w"));
      const std::unique_ptr<std::FILE, decltype(close)> err_file(std::fopen(err.c_str(), "w"));
      environment_.out = out_file.get();
      environment_.err = err_file.get();
      outcome.status = RunProgram(words, environment_);
    }
    outcome.out = Read(out);
    outcome.err = Read(err);
    return outcome;
  }

  static std::string Read(const std::string& path) {
    const auto bytes = ReadWholeFile(PosixFileSystem(), path, 1 << 20);
    return bytes.ok() ? std::string(AsText(*bytes)) : bytes.error().ToString();
  }

  const testing::TemporaryDirectory directory_;
  std::map<std::string, std::string> variables_;
  Environment environment_;
};

}  // namespace pgkeep::cli
