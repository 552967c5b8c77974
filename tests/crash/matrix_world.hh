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
  // A fresh copy of it at `root`, and the file outside of it as it was.
  void copy_to(const fs::path& root) const;
  fs::path target() const { return target_; }
  // The job itself, in this process.
  bakehouse::node::Result run(const bakehouse::node::Node& node) const;

  // What the page in run/ says before and after, what data/book does and what the file outside of the root
  // does. "" for nothing.
  std::string old_page() const;
  std::string new_page() const;
  std::string old_book() const;
  std::string new_book() const;
  const std::string& old_target() const { return old_target_; }
  std::string new_target() const;

 private:
  bakehouse::config::Switch how_;
  Job job_;
  fs::path target_;
  bakehouse::node::Site site_;
  fs::path archive_;
  std::string old_target_;
};

}  // namespace matrix
