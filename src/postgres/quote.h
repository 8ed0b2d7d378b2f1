// Names and values as parts of an SQL text. For values, parameters ($1) are better where they are
// allowed.
//
// Safe in every encoding that a database can have: in all of them each byte of a character that is
// not ASCII is at least 0x80, so looking for quotes byte by byte finds only quotes. That is not so
// for the client-only encodings (SJIS, BIG5, GBK, UHC, GB18030, JOHAB); our connections use the
// database's encoding (session_settings.h), and then the server refuses broken characters before it
// parses. Texts with a zero byte are refused by Connection.
#pragma once

#include <string>
#include <string_view>

namespace pgkeep::postgres {

// `a"b` -> `"a""b"`: always in quotes, so key words and capital letters stay names.
std::string QuoteIdentifier(std::string_view name);

// `"schema"."name"`.
std::string QuoteQualified(std::string_view schema, std::string_view name);

// `it's` -> `'it''s'`; with a backslash in it ` E'...'`, which means the same whatever
// standard_conforming_strings is.
std::string QuoteLiteral(std::string_view value);

}  // namespace pgkeep::postgres
