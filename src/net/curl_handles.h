// Ownership of libcurl's objects. For this room only.
#pragma once

#include <curl/curl.h>

#include <memory>

namespace pgkeep::net {

// Frees an easy handle, which must not be in a multi handle any more.
struct EasyDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using EasyHandle = std::unique_ptr<CURL, EasyDeleter>;

// Frees a multi handle and closes its connections.
struct MultiDeleter {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
using MultiHandle = std::unique_ptr<CURLM, MultiDeleter>;

// Frees a list of header lines.
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using LineList = std::unique_ptr<curl_slist, ListDeleter>;

// Starts libcurl; call it before any handle is made. Thread-safe, does its work once, and aborts if
// the library cannot be used.
void InitCurl();

// Appends a copy of `line`.
void AddLine(LineList& lines, const char* line);

}  // namespace pgkeep::net
