"""Unit tests of the style test: each rule fires on a bad snippet and stays silent on a good one."""

import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from tidy_rules import build_lists, check_tree, headers, layering, shape, words  # noqa: E402
from tidy_rules.source import Source  # noqa: E402


def rules(offences):
    return sorted({offence.rule for offence in offences})


def code_rules(path, text):
    source = Source(path, text)
    return rules(layering.check(source) + words.check_text(source) + words.check_code(source)
                 + shape.check_size(source) + shape.check_functions(source))


class Views(unittest.TestCase):
    def test_comments_and_literals_are_blanked_in_place(self):
        text = 'int a = 1\'000; // throw\nauto s = "new {"; /* delete */ char c = \'{\';\n'
        source = Source("src/base/a.cc", text)
        self.assertEqual(len(source.code), len(text))
        for word in ("throw", "new", "delete", "{"):
            self.assertNotIn(word, source.code)
        self.assertIn("1'000", source.code)
        self.assertEqual(source.comment_lines, {1, 2})

    def test_raw_strings_end_at_their_own_mark(self):
        source = Source("src/base/a.cc", 'auto s = R"x(" throw )" )x"; int b;\n')
        self.assertNotIn("throw", source.code)
        self.assertIn("int b;", source.code)

    def test_preprocessor_lines_are_not_plain_code(self):
        source = Source("src/base/a.cc", "#define A(x) \\\n  { new x }\n#include <new>\nint b;\n")
        self.assertNotIn("new", source.plain_code)
        self.assertEqual(source.plain_code.count("\n"), 4)


class Layering(unittest.TestCase):
    def assertIncludes(self, path, name, allowed):
        self.assertEqual(code_rules(path, f"#include {name}\n"), [] if allowed else ["layering"],
                         f"{path} includes {name}")

    def test_arrows_only_go_down(self):
        self.assertIncludes("src/storage/a.cc", '"base/result.h"', True)
        self.assertIncludes("src/storage/a.cc", '"storage/object_store.h"', True)
        self.assertIncludes("src/repository/a.h", '"crypto/aead.h"', True)
        self.assertIncludes("src/cli/a.cc", '"repository/repository.h"', True)
        self.assertIncludes("src/storage/a.cc", '"repository/repository.h"', False)
        self.assertIncludes("src/base/a.h", '"crypto/aead.h"', False)

    def test_rooms_of_one_level_are_strangers(self):
        self.assertIncludes("src/crypto/a.cc", '"codec/codec.h"', False)
        self.assertIncludes("src/backup/a.cc", '"restore/plan.h"', False)

    def test_level_four_sees_only_the_interface_of_the_history(self):
        self.assertIncludes("src/backup/a.cc", '"catalog/history.h"', True)
        self.assertIncludes("src/backup/a.cc", '"catalog/sqlite_history.h"', False)
        self.assertIncludes("src/jobs/a.cc", '"catalog/sqlite_history.h"', True)

    def test_only_tests_include_testing(self):
        self.assertIncludes("src/storage/a_test.cc", '"testing/memory_store.h"', True)
        self.assertIncludes("src/storage/a_test_kit.h", '"testing/memory_store.h"', True)
        self.assertIncludes("src/testing/a.h", '"repository/repository.h"', True)
        self.assertIncludes("tests/fault/a.cc", '"testing/memory_store.h"', True)
        self.assertIncludes("bench/a.cc", '"testing/memory_store.h"', True)
        self.assertIncludes("src/storage/a.cc", '"testing/memory_store.h"', False)

    def test_product_code_does_not_include_tests(self):
        self.assertIncludes("src/storage/a.cc", '"tests/golden/golden.h"', False)
        self.assertIncludes("tests/golden/a.cc", '"tests/golden/golden.h"', True)

    def test_a_third_party_header_has_one_room(self):
        for path, name, allowed in [
                ("src/crypto/a.cc", "<openssl/evp.h>", True),
                ("src/repository/a.cc", "<openssl/evp.h>", False),
                ("src/crypto/a.cc", "<sodium.h>", True),
                ("src/base/secret.cc", "<sodium.h>", False),
                ("src/codec/a.cc", "<zstd.h>", True),
                ("src/repository/a.cc", "<zstd.h>", False),
                ("src/base/log.cc", "<spdlog/spdlog.h>", True),
                ("src/base/retry.cc", "<spdlog/spdlog.h>", False),
                ("src/base/result.h", "<tl/expected.hpp>", True),
                ("src/storage/a.h", "<tl/expected.hpp>", False),
                ("src/cli/a.cc", "<CLI/CLI.hpp>", True),
                ("src/storage/a.cc", "<CLI/CLI.hpp>", False),
                ("src/cli/a.cc", "<boost/json.hpp>", True),
                ("src/config/a.cc", "<toml++/toml.h>", True),
                ("src/cli/a.cc", "<toml++/toml.h>", False),
                ("src/storage/a.cc", "<fmt/core.h>", True),
                ("src/storage/a_test.cc", "<gtest/gtest.h>", True),
                ("src/testing/a.h", "<gtest/gtest.h>", True),
                ("src/storage/a.cc", "<gtest/gtest.h>", False),
                ("src/base/a.cc", "<sys/stat.h>", True),
                ("src/base/a.cc", "<string_view>", True),
                ("src/base/a.cc", "<unheard/of.h>", False)]:
            self.assertIncludes(path, name, allowed)

    def test_third_party_headers_do_not_hide_in_quotes(self):
        self.assertIncludes("src/repository/a.cc", '"openssl/evp.h"', False)

    def test_includes_are_written_from_the_source_root(self):
        self.assertIncludes("src/storage/a.cc", '"object_store.h"', False)


class Words(unittest.TestCase):
    BAD = [
        "void F() { throw 1; }",
        "auto* p = new int;",
        "void F(int* p) { delete p; }",
        "void F(int* p) { delete[] p; }",
        "std::regex r;",
        "int a = rand();",
        "void F(char* a) { strcpy(a, b); }",
        "void F(char* a) { sprintf(a, b); }",
        "void F() { t.detach(); }",
        "std::thread t;",
        "std::mutex m;",
        "void F() { std::this_thread::sleep_for(a); }",
        "auto* p = reinterpret_cast<char*>(q);",
        "void F() { assert(a); }",
        "using namespace std;",
        "void F() { system(a); }",
        "const char* a = strerror(2);",
    ]
    GOOD = [
        "Foo(const Foo&) = delete;",
        "int throw_count; int renew; int deleted;",
        "// throw new delete rand() std::regex\n",
        'auto s = "throw new std::regex";',
        "std::jthread t; auto n = std::thread::hardware_concurrency();",
        "int brand(int); int operand();",
        "static_assert(sizeof(int) == 4);",
        "#include <new>\n",
        "return std::unique_ptr<A>(\n    new A(b));",
    ]

    def test_banned_calls_fire(self):
        for text in self.BAD:
            self.assertEqual(code_rules("src/repository/a.cc", text + "\n"), ["banned"], text)

    def test_innocent_words_pass(self):
        for text in self.GOOD:
            self.assertEqual(code_rules("src/repository/a.cc", text + "\n"), [], text)

    def test_base_may_wrap_what_the_others_must_not_touch(self):
        for text in ("std::mutex m;\n", "void F() { std::this_thread::sleep_for(a); }\n"):
            self.assertEqual(code_rules("src/base/a.cc", text), [], text)

    def test_tests_may_throw_but_not_detach(self):
        self.assertEqual(code_rules("src/base/a_test.cc", "void F() { throw 1; }\n"), [])
        self.assertEqual(code_rules("src/base/a_test.cc", "void F() { t.detach(); }\n"), ["banned"])

    def test_banned_headers_fire(self):
        for name in ("iostream", "regex", "cassert"):
            text = f"#include <{name}>\n"
            self.assertEqual(code_rules("src/base/a.cc", text), ["banned"], name)
        self.assertEqual(code_rules("src/base/a.cc", "#include <ostream>\n"), [])

    def test_leftovers_fire_everywhere(self):
        for word in ("TO" "DO", "FIX" "ME", "X" "XX"):
            self.assertEqual(code_rules("docs/a.md", f"{word} later\n"), ["leftover"])
            self.assertEqual(code_rules("src/base/a.cc", f"// {word}: later\n"), ["leftover"])
        self.assertEqual(code_rules("src/base/a.cc", "auto p = MakeTemp(\"a.XXXXXX\");\n"), [])

    def test_machine_names_fire(self):
        self.assertEqual(code_rules("docs/a.md", "see /work" "/main\n"), ["machine"])
        self.assertEqual(code_rules("docs/a.md", "see https://www.postgresql.org/docs\n"), [])

    def test_softened_tests_fire(self):
        bad = "TEST(A, DISABLED_Works) {}\n"
        self.assertEqual(code_rules("src/base/a_test.cc", bad), ["softened"])
        self.assertEqual(code_rules("src/base/a_test.cc", "TEST(A, Works) {}\n"), [])


class Shape(unittest.TestCase):
    def test_long_lines_fire(self):
        self.assertEqual(code_rules("src/base/a.cc", "/" * 101 + "\n"), ["columns"])
        self.assertEqual(code_rules("src/base/a.cc", "/" * 100 + "\n"), [])
        self.assertEqual(code_rules("src/base/a.cc", "//" + "ä" * 98 + "\n"), [])  # characters
        self.assertEqual(code_rules("README.md", "a" * 300 + "\n"), [])

    def test_long_files_fire(self):
        self.assertEqual(code_rules("src/base/a.cc", "int a;\n" * 801), ["file-length"])
        self.assertEqual(code_rules("src/base/a.cc", "int a;\n" * 800), [])

    def function(self, head, lines, path="src/base/a.cc", before="", after=""):
        body = "  Call(a);\n" * (lines - 2)
        return code_rules(path, f"{before}{head} {{\n{body}}}\n{after}")

    def test_long_functions_fire_at_the_limit(self):
        self.assertEqual(self.function("void F()", 70), [])
        self.assertEqual(self.function("void F()", 71), ["function-length"])

    def test_every_form_of_function_is_measured(self):
        for head in ("int Foo::Bar(std::span<const int> a) const noexcept",
                     "Foo::Foo(int a) : a_(a), b_(2)",
                     "Foo::Foo(int a) : a_{a}, b_{2}",
                     "Foo::~Foo()",
                     "template <typename T>\nT F(T a)",
                     "auto F(int a) -> std::vector<int>",
                     "struct stat F(int a)",
                     "bool operator==(const A& a, const B& b)"):
            self.assertEqual(self.function(head, 80), ["function-length"], head)

    def test_functions_inside_classes_are_measured_and_classes_are_not(self):
        inside = "namespace a {\nclass B final : public C {\n public:\n"
        self.assertEqual(self.function("void F()", 71, before=inside, after="};\n}\n"),
                         ["function-length"])
        members = "".join(f"  void F{i}() {{ return; }}\n" for i in range(200))
        self.assertEqual(code_rules("src/base/a.cc", f"{inside}{members}}};\n}}\n"), [])

    def test_annotated_and_templated_classes_are_not_functions(self):
        members = "".join(f"  void F{i}();\n" for i in range(100))
        for head in ('class PGK_CAPABILITY("mutex") Mutex', "class alignas(64) A",
                     "template <typename T = std::less<int>>\nclass [[nodiscard]] A : public B<T>"):
            text = f"{head} {{\n{members}}};\n"
            self.assertEqual(code_rules("src/base/a.h", text), [], head)

    def test_tables_are_not_functions(self):
        rows = "  {1, 2},\n" * 100
        text = f"constexpr Row kRows[] = {{\n{rows}}};\n"
        self.assertEqual(code_rules("src/base/a.cc", text), [])

    def test_a_function_after_a_table_is_found(self):
        table = "constexpr Row kRows[] = {{1}, {2}};\n"
        self.assertEqual(self.function("void F()", 71, before=table), ["function-length"])

    def test_tests_have_more_room(self):
        path = "src/base/a_test.cc"
        self.assertEqual(self.function("TEST(A, Works)", 120, path), [])
        self.assertEqual(self.function("TEST(A, Works)", 121, path), ["function-length"])


class Headers(unittest.TestCase):
    def check(self, text, path="src/base/a.h"):
        return rules(headers.check(Source(path, text)))

    def declared(self, text):
        source = Source("src/base/a.h", "#pragma once\n// x\n\n" + text)
        return [what for _, what in headers.declarations(source)]

    def test_once_guard_is_needed(self):
        self.assertEqual(self.check("// A file.\n#pragma once\n"), [])
        self.assertEqual(self.check("// A file.\n#include <string>\n"), ["header"])

    def test_a_header_without_a_word_fires(self):
        self.assertEqual(self.check("#pragma once\n"), ["header"])

    def test_undocumented_classes_and_functions_fire(self):
        good = "#pragma once\nnamespace a {\n// Says what.\n{}\n}}\n"
        bad = "#pragma once\n// A file.\n\nnamespace a {{\n\n{}\n}}\n"
        for text in ("class A {};", "struct A { int b; };", "int F(int a);",
                     "template <typename T>\nT F(T a) { return a; }",
                     "[[nodiscard]] Result<int> F(std::string_view a = {});",
                     "inline int F() { return 1; }",
                     'class PGK_CAPABILITY("mutex") Mutex {};'):
            self.assertEqual(self.check(good.replace("{}", text, 1).replace("}}", "}")), [], text)
            self.assertEqual(self.check(bad.format(text)), ["undocumented"], text)

    def test_one_comment_covers_a_paragraph(self):
        text = "#pragma once\n// Loads.\nint F16(int a);\nint F32(int a);\n"
        self.assertEqual(self.check(text), [])
        self.assertEqual(self.check(text + "\nint F64(int a);\n"), ["undocumented"])

    def test_what_needs_no_comment_passes(self):
        for text in ("class A;", "using B = std::span<int>;", "inline constexpr int kA = F();",
                     "inline constexpr Timestamp kTime{Micros(1)};",
                     "bool operator==(const A&, const A&);", "static_assert(sizeof(int) == 4);",
                     "enum class E { kA };", "extern int a;", "using F = std::function<int()>;"):
            self.assertEqual(self.declared(text + "\n"), [], text)

    def test_methods_are_not_free_functions(self):
        text = "class A {\n public:\n  void F();\n  int G() { return 1; }\n};\n"
        self.assertEqual(self.declared(text), ["class A"])

    def test_comment_share_is_over_all_headers(self):
        prose = Source("src/base/a.h", "// a\n// b\nint c;\nint d;\n")
        bare = Source("src/base/b.h", "int c;\n" * 7)
        self.assertEqual(headers.check_comment_share([prose]), [])
        self.assertEqual(rules(headers.check_comment_share([prose, bare])), ["comment-share"])


class BuildLists(unittest.TestCase):
    def test_files_that_nobody_lists_fire(self):
        sources = [Source("src/base/CMakeLists.txt", "pgkeep_room(base SOURCES a.cc a.h) # c.cc\n"),
                   Source("tests/CMakeLists.txt",
                          "x(fuzz/f.cc ${PROJECT_SOURCE_DIR}/tools/m.cc)\n"),
                   Source("src/base/a.cc", ""), Source("src/base/a.h", ""),
                   Source("tests/fuzz/f.cc", ""), Source("tools/m.cc", ""),
                   Source("src/base/c.cc", ""), Source("src/codec/a.cc", "")]
        self.assertEqual([offence.path for offence in build_lists.check_all(sources)],
                         ["src/base/c.cc", "src/codec/a.cc"])


class Tree(unittest.TestCase):
    def test_a_tree_is_walked_and_build_folders_are_not(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, text in {"src/base/a.cc": "void F() { throw 1; }\n",
                               "build/x/b.cc": "throw\n",
                               "src/base/CMakeLists.txt": "a(a.cc)\n"}.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            offences, files = check_tree(root)
            self.assertEqual([(o.path, o.line, o.rule) for o in offences],
                             [("src/base/a.cc", 1, "banned")])
            self.assertEqual(files, 2)


if __name__ == "__main__":
    unittest.main()
