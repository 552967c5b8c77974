#include "artifact/turns.hh"

#include "base/error.hh"

#include <algorithm>

namespace bakehouse::artifact {

std::optional<crypto::Digest> Turns::take(const Piece& piece, const std::function<void(std::string&)>& see) {
  std::unique_lock lock(mutex_);
  File& file = files_[piece.file];
  changed_.wait(lock, [&] { return file.done == piece.offset || failed_ < piece.job; });
  // Never what is reported: the job that failed has a lower number.
  if (file.done != piece.offset) throw base::Error(base::Fault::internal, "what stands before it failed");
  lock.unlock();
  // Nobody else has this turn, so nobody else touches the file's state.
  file.sha.update(piece.bytes);
  if (see) see(file.tail);
  lock.lock();
  file.done += piece.bytes.size();
  changed_.notify_all();
  if (file.done != piece.size) return std::nullopt;
  const auto digest = file.sha.finish();
  files_.erase(piece.file);
  return digest;
}

void Turns::give_up(size_t job) {
  const std::lock_guard lock(mutex_);
  failed_ = std::min(failed_, job);
  changed_.notify_all();
}

}  // namespace bakehouse::artifact
