// Entries in little memory: a million of a hundred bytes each, where a vector of Entry takes three
// times as much. What is read from it is a copy.
#pragma once

#include "tree/entry.hh"

#include <iterator>
#include <memory>
#include <string_view>
#include <vector>

namespace bakehouse::tree {

class EntryList {
 public:
  EntryList() = default;
  EntryList(const EntryList& other);
  EntryList(EntryList&& other) noexcept { swap(other); }
  EntryList& operator=(const EntryList& other);
  EntryList& operator=(EntryList&& other) noexcept {
    EntryList taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~EntryList() = default;

  size_t size() const { return records_.size(); }
  bool empty() const { return records_.empty(); }
  // Room in one block for so many entries that take so many bytes together.
  void reserve(size_t entries, size_t bytes);
  // What a file with a path of that length takes; others take less, but for links and attributes.
  static size_t bytes_of_file(size_t path_size);

  void push_back(const Entry& entry);
  Entry operator[](size_t i) const;
  Entry front() const { return (*this)[0]; }
  Entry back() const { return (*this)[size() - 1]; }
  void set(size_t i, const Entry& entry);
  // Of a regular file. Different entries may be set by different threads at once.
  void set_digest(size_t i, const crypto::Digest& digest);

  // Without making an Entry; valid as long as the list.
  std::string_view path(size_t i) const;
  base::FileType type(size_t i) const;
  uint64_t size_of_file(size_t i) const;
  bool has_owner(size_t i) const;
  uint32_t mode(size_t i) const;
  base::FileTime time(size_t i) const;
  // Of a regular file.
  crypto::Digest digest(size_t i) const;

  // Whether the i-th entry is the k-th of another list in every respect; told without making either.
  bool is_equal(size_t i, const EntryList& other, size_t k) const;

  // Appends the i-th entry of `part`, whose memory must then be kept with `adopt`.
  void link_to(const EntryList& part, size_t i) { records_.push_back(part.records_[i]); }
  void adopt(EntryList&& part);

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Entry;

    Iterator(const EntryList& list, size_t i) : list_(&list), i_(i) {}
    Entry operator*() const { return (*list_)[i_]; }
    Iterator& operator++() {
      ++i_;
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.i_ == b.i_; }

   private:
    const EntryList* list_;
    size_t i_;
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }

  friend bool operator==(const EntryList& a, const EntryList& b);

 private:
  void swap(EntryList& other) noexcept;
  char* room_for(size_t bytes);
  void begin_block(size_t bytes);

  std::vector<std::unique_ptr<char[]>> blocks_;  // the newest is still filled
  std::vector<std::unique_ptr<char[]>> adopted_;
  std::vector<char*> records_;
  size_t free_ = 0;        // bytes left in the newest block
  size_t next_block_ = 0;  // its successor's size
};

}  // namespace bakehouse::tree
