// The root in which one cell of the fault matrix happens, and what is to be found there afterwards.
#pragma once

#include "support/site.hh"
#include "tree/switch.hh"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace matrix {

namespace fs = std::filesystem;

enum class Job { first, second, rollback, reconfigured };
constexpr Job all_jobs[] = {Job::first, Job::second, Job::rollback, Job::reconfigured};
std::string_view name_of(Job job);

// What stands before the job, once for each way and job; cells work on copies.
class World {
 public:
  World(bakehouse::config::Switch how, Job job, const fs::path& place);

  bakehouse::config::Switch how() const { return how_; }
  Job job() const { return job_; }
  // A fresh copy of it at `root`.
  void copy_to(const fs::path& root) const;
  // The job itself, in this process.
  bakehouse::node::Result run(const bakehouse::node::Node& node) const;

  // What the page in run/ says before and after, and what data/book does. "" for nothing.
  std::string old_page() const;
  std::string new_page() const;
  std::string old_book() const;
  std::string new_book() const;

 private:
  bakehouse::config::Switch how_;
  Job job_;
  bakehouse::node::Site site_;
  fs::path archive_;
};

}  // namespace matrix
