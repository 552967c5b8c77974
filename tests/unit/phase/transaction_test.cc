#include "phase/transaction.hh"

#include "base/error.hh"
#include "scene.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace transaction_test {

using namespace bakehouse;
using namespace bakehouse::phase;
using base::Error;
using base::Fault;
using Kind = Record::Kind;
using text::Value;

namespace {

// A node in memory, with the moments at which it changes.
using World = std::map<std::string, std::string>;

const World old_world{{"run", "old"}, {"data", "old"}, {"service", "old"}};
const World new_world{{"run", "new"}, {"data", "new"}, {"service", "new"}};

std::string describe(const World& world) {
  std::string text;
  for (const auto& [name, value] : world) text += name + "=" + value + " ";
  return text;
}

// What a killed program leaves: the world, and the journal's file.
struct Left {
  std::string journal;
  World world;

  friend auto operator<=>(const Left&, const Left&) = default;
};

class Node {
 public:
  explicit Node(World world) : world(std::move(world)) {}

  // A step of a release in several moments, each of which the program may not survive.
  void set(const std::string& name, const std::string& value) {
    world[name] = value;
    moment();
  }
  void remove(const std::string& name) {
    world.erase(name);
    moment();
  }
  void moment() {
    moments.push_back({base::read_file_if_any(scene.journal_path(), largest_test_file).value_or(""), world});
  }

  std::vector<Step> steps() {
    const auto nothing = [] { return Value::map(); };
    return {
        {"stage", nothing, [this](const Value&) { set("staged", "half"), set("staged", "new"); },
         [this](const Undo&) { remove("staged"); }},
        {"stop",
         {},
         [this](const Value&) { set("service", "none"); },
         [this](const Undo&) { set("service", world["run"] + "?"), set("service", world["run"]); }},
        {"backup", nothing, [this](const Value&) { set("copy", "half"), set("copy", world["data"]); },
         [this](const Undo& undo) {
           if (undo.began("switch") && world.contains("copy")) {
             set("data", "between");
             set("data", world["copy"]);
           }
           remove("copy");
         }},
        {"switch",
         [this] {
           return Value::map({{"old", world["run"]}});
         },
         [this](const Value&) { set("run", world["staged"]); },
         [this](const Undo& undo) { set("run", undo.facts.string_at("old")); }},
        {"migrate", {}, [this](const Value&) { set("data", "half"), set("data", "new"); }, {}},
        {"start",
         {},
         [this](const Value&) { set("service", "new?"), set("service", "new"); },
         [this](const Undo&) { set("service", "none"); }},
        {"health",
         {},
         [this](const Value&) {
           if (is_ill) throw Error(Fault::build, "it answers 500");
         },
         {}},
    };
  }

  std::optional<Reversal> apply() {
    moment();
    Journal journal = scene.new_journal();
    moment();
    auto reversal = run_steps(journal, steps(), scene.around());
    if (!reversal) clean_up();
    close(journal);
    return reversal;
  }

  // As a program does that finds the journal.
  void recover() {
    moment();
    auto journal = Journal::open(scene.journal_path());
    if (!journal || journal->is_closed()) return;
    if (journal->has(Kind::commit)) {
      clean_up();
    } else {
      CHECK(undo_steps(*journal, steps(), scene.around()).undo_failures.empty());
    }
    close(*journal);
  }

  Scene scene;
  World world;
  std::vector<Left> moments;
  bool is_ill = false;

 private:
  void clean_up() { remove("staged"), remove("copy"); }
  void close(Journal& journal) {
    journal.append({Kind::closed, "", Value::map(), 2000});
    moment();
  }
};

size_t u32_at(const std::string& bytes, size_t at) {
  size_t number = 0;
  for (size_t i = 4; i-- > 0;) number = (number << 8) | static_cast<unsigned char>(bytes[at + i]);
  return number;
}

std::vector<size_t> ends_of_records(const std::string& journal) {
  std::vector<size_t> ends;
  for (size_t at = std::string("bakehouse journal 1\n").size(); at < journal.size();) {
    at += 8 + u32_at(journal, at);
    ends.push_back(at);
  }
  return ends;
}

// Everything that may be left when the program is killed between or in the middle of what `moments`
// shows: after each record and in each half record the world is the one of the moment before; after
// each change of the world the journal is the one of that moment.
std::set<Left> all_that_may_be_left(const std::vector<Left>& moments) {
  std::set<Left> all;
  const std::string whole = moments.back().journal;
  const auto ends = ends_of_records(whole);
  for (size_t i = 0; i < moments.size(); ++i) {
    all.insert(moments[i]);
    if (!whole.starts_with(moments[i].journal) || moments[i].journal.empty()) continue;
    const size_t written = moments[i].journal.size();
    const size_t next = i + 1 < moments.size() ? moments[i + 1].journal.size() : written;
    for (const size_t end : ends) {
      if (end <= written || end > next) continue;
      const size_t begin = *(std::find(ends.begin(), ends.end(), end) - 1);
      for (const size_t size : {begin + 1, begin + 8, (begin + end) / 2, end - 1, end})
        all.insert({whole.substr(0, size), moments[i].world});
    }
  }
  return all;
}

bool had_committed(const Left& left) {
  const Scene scene;
  scene.put_journal(left.journal);
  const auto journal = Journal::open(scene.journal_path());
  return journal && journal->has(Kind::commit);
}

// What recovery makes of `left`, and what may be left when it is killed as well.
std::set<Left> check_recovery(const Left& left) {
  Node node(left.world);
  node.scene.put_journal(left.journal);
  CAPTURE(left.journal);
  CAPTURE(describe(left.world));
  node.recover();
  CHECK(describe(node.world) == describe(had_committed(left) ? new_world : old_world));
  const auto again = node.world;
  const auto journal = node.scene.journal_bytes();
  node.recover();  // nothing is left to do
  CHECK(node.world == again);
  CHECK(node.scene.journal_bytes() == journal);
  return all_that_may_be_left(node.moments);
}

// The moments of a whole run, without those before there was a journal.
std::set<Left> left_by_run(bool is_ill) {
  Node node(old_world);
  node.is_ill = is_ill;
  node.apply();
  std::erase_if(node.moments, [](const Left& left) { return left.journal.empty(); });
  return all_that_may_be_left(node.moments);
}

void check_every_kill(bool is_ill) {
  const auto all = left_by_run(is_ill);
  std::set<Left> next;
  for (const Left& left : all) next.merge(check_recovery(left));
  // And recovery killed wherever it can be.
  for (const Left& left : next) check_recovery(left);
  MESSAGE(all.size() << " states after a kill of the run, " << next.size() << " after one of its recovery");
  CHECK(all.size() > 40);
}

// Steps that only write down what is asked of them.
class Notes {
 public:
  Step step(const std::string& name) {
    return {name,
            [this, name] {
              return note("prepare " + name), Value::map({{"of", name}});
            },
            [this, name](const Value& facts) {
              CHECK(facts.string_at("of") == name);
              note(name);
              if (failing == name) throw Error(Fault::build, name + " failed", "do better");
            },
            [this, name](const Undo& undo) {
              CHECK(undo.facts.string_at("of") == name);
              note("undo " + name);
              if (failing_undo == name) throw Error(Fault::internal, "cannot");
            }};
  }
  void note(const std::string& what) { all += (all.empty() ? "" : ", ") + what; }
  std::string take() { return std::exchange(all, {}); }

  std::string all;
  std::string failing;
  std::string failing_undo;
};

}  // namespace

TEST_CASE("a wish to stop is followed until the undo begins or the release counts, and that is told") {
  for (const bool is_ill : {false, true}) {
    std::string said;
    Scene scene;
    Surroundings around = scene.around();
    around.now = [&](Reversible now) { said += now == Reversible::yes ? "yes " : "no "; };
    Journal journal = scene.new_journal();
    const auto run = [&](const Value&) {
      said += "run ";
      if (is_ill) throw Error(Fault::build, "ill");
    };
    run_steps(journal, {{"a", {}, run, [&](const Undo&) { said += "undo"; }}}, around);
    CHECK(said == (is_ill ? "yes run no undo" : "yes run no "));
  }
}

TEST_CASE("steps run in order, each recorded before and after") {
  Scene scene;
  Notes notes;
  Journal journal = scene.new_journal();
  CHECK_FALSE(run_steps(journal, {notes.step("a"), notes.step("b")}, scene.around()));
  CHECK(notes.take() == "prepare a, a, prepare b, b");
  CHECK(describe(journal.records()) == "open, begin a, done a, begin b, done b, commit");
  CHECK(journal.records()[1].facts.string_at("of") == "a");
}

TEST_CASE("a step may have neither prepare nor undo") {
  Scene scene;
  Journal journal = scene.new_journal();
  const std::vector<Step> steps{{"a", {}, [](const Value& facts) { CHECK(facts.members().empty()); }, {}},
                                {"b", {}, [](const Value&) { throw Error(Fault::build, "no"); }, {}}};
  CHECK(run_steps(journal, steps, scene.around()));
  CHECK(describe(journal.records()) == "open, begin a, done a, begin b, failed b, reverted");
}

TEST_CASE("a step that has nothing to do is passed over when its turn comes, and not undone") {
  Scene scene;
  Notes notes;
  notes.failing = "c";
  Journal journal = scene.new_journal();
  std::vector<Step> steps{notes.step("a"), notes.step("b"), notes.step("c")};
  steps[1].is_needed = [&] { return notes.take() != "prepare a, a"; };
  CHECK(run_steps(journal, steps, scene.around()));
  CHECK(notes.take() == "prepare c, c, undo c, undo a");
  CHECK(describe(journal.records()) ==
        "open, begin a, done a, begin c, failed c, undo c, undone c, undo a, undone a, reverted");
}

TEST_CASE("what was begun is undone in reverse, and nothing else") {
  Scene scene;
  Notes notes;
  notes.failing = "c";
  Journal journal = scene.new_journal();
  const auto reversal = run_steps(
      journal, {notes.step("a"), notes.step("b"), notes.step("c"), notes.step("d")}, scene.around());
  REQUIRE(reversal);
  CHECK(notes.take() == "prepare a, a, prepare b, b, prepare c, c, undo c, undo b, undo a");
  CHECK(describe(journal.records()) ==
        "open, begin a, done a, begin b, done b, begin c, failed c, undo c, undone c, undo b, undone b, undo "
        "a, "
        "undone a, reverted");
  CHECK(reversal->step == "c");
  CHECK(std::string(reversal->cause.what()) == "c failed");
  CHECK(reversal->cause.fault() == Fault::build);
  CHECK(reversal->cause.hint() == "do better");
  CHECK(reversal->undo_failures.empty());
}

TEST_CASE("a step that cannot be prepared was not begun") {
  Scene scene;
  Notes notes;
  Step bad = notes.step("b");
  bad.prepare = []() -> Value { throw Error(Fault::input, "no such thing"); };
  Journal journal = scene.new_journal();
  const auto reversal = run_steps(journal, {notes.step("a"), bad}, scene.around());
  REQUIRE(reversal);
  CHECK(reversal->step == "b");
  CHECK(notes.take() == "prepare a, a, undo a");
  CHECK(describe(journal.records()) == "open, begin a, done a, failed b, undo a, undone a, reverted");
}

TEST_CASE("any exception undoes, and its message may hold any bytes") {
  Scene scene;
  Notes notes;
  const Step bad{"b", {}, [](const Value&) { throw std::runtime_error("\xff\033[31m\nsecond line"); }, {}};
  Journal journal = scene.new_journal();
  const auto reversal = run_steps(journal, {notes.step("a"), bad}, scene.around());
  REQUIRE(reversal);
  CHECK(reversal->cause.fault() == Fault::internal);
  CHECK(std::string(reversal->cause.what()) == "\\377\\033[31m\nsecond line");
  CHECK(notes.take() == "prepare a, a, undo a");
}

TEST_CASE("between steps the wish to stop is asked for, and undo does not heed it") {
  Scene scene;
  Notes notes;
  Journal journal = scene.new_journal();
  Surroundings around = scene.around();
  Step first = notes.step("a");
  first.undo = [&](const Undo& undo) { notes.note(undo.around.cancelled() ? "impatient undo a" : "undo a"); };
  bool is_cancelled = false;
  around.cancelled = [&] { return is_cancelled = is_cancelled || notes.all.ends_with("b"); };
  const auto reversal = run_steps(journal, {first, notes.step("b"), notes.step("c")}, around);
  REQUIRE(reversal);
  CHECK(notes.take() == "prepare a, a, prepare b, b, undo b, undo a");
  CHECK(reversal->step == "c");
  CHECK(std::string(reversal->cause.what()) == "cancelled");
  CHECK(reversal->cause.fault() == Fault::reverted);
  CHECK(journal.has(Kind::reverted));
}

TEST_CASE("an undo that fails stops no other, and succeeds when it is tried again") {
  Scene scene;
  Notes notes;
  notes.failing = "c";
  notes.failing_undo = "b";
  const std::vector<Step> steps{notes.step("a"), notes.step("b"), notes.step("c")};
  {
    Journal journal = scene.new_journal();
    const auto reversal = run_steps(journal, steps, scene.around());
    REQUIRE(reversal);
    CHECK(reversal->undo_failures == std::vector<std::string>{"undo of b: cannot"});
    CHECK_FALSE(journal.has(Kind::reverted));
  }
  notes.take();
  {
    auto journal = Journal::open(scene.journal_path());
    REQUIRE(journal);
    const Reversal reversal = undo_steps(*journal, steps, scene.around());
    CHECK(reversal.undo_failures.size() == 1);  // it fails still
    CHECK(notes.take() == "undo b");            // what is undone is not undone again
    CHECK_FALSE(journal->has(Kind::reverted));
  }
  notes.failing_undo = "";
  auto journal = Journal::open(scene.journal_path());
  REQUIRE(journal);
  const Reversal reversal = undo_steps(*journal, steps, scene.around());
  CHECK(reversal.undo_failures.empty());
  CHECK(reversal.step == "c");
  CHECK(std::string(reversal.cause.what()) == "c failed");
  CHECK(notes.take() == "undo b");
  CHECK(describe(journal->records()) ==
        "open, begin a, done a, begin b, done b, begin c, failed c, undo c, undone c, undo b, undo-failed b, "
        "undo a, "
        "undone a, undo b, undo-failed b, undo b, undone b, reverted");
}

TEST_CASE("an undo can ask whether what it depends on is back") {
  Scene scene;
  Notes notes;
  notes.failing = "d";
  notes.failing_undo = "c";
  Step first = notes.step("a");
  first.undo = [&](const Undo& undo) {
    for (const char* step : {"b", "c", "d", "e"}) {
      notes.note(std::string(step) + (undo.began(step) ? " begun" : "") +
                 (undo.is_back(step) ? " back" : ""));
    }
  };
  const std::vector<Step> steps{first, notes.step("b"), notes.step("c"), notes.step("d"), notes.step("e")};
  Journal journal = scene.new_journal();
  run_steps(journal, steps, scene.around());
  const std::string all = notes.take();
  CHECK(all.substr(all.find("undo")) ==
        "undo d, undo c, undo b, b begun back, c begun, d begun back, e back");
}

TEST_CASE("undo run once more changes nothing") {
  Scene scene;
  Notes notes;
  notes.failing = "b";
  const std::vector<Step> steps{notes.step("a"), notes.step("b")};
  Journal journal = scene.new_journal();
  run_steps(journal, steps, scene.around());
  notes.take();
  const Reversal reversal = undo_steps(journal, steps, scene.around());
  CHECK(notes.take().empty());
  CHECK(reversal.undo_failures.empty());
  CHECK(reversal.step == "b");
}

TEST_CASE("what was cut short is undone with a cause that says so") {
  Scene scene;
  Notes notes;
  Journal journal = scene.new_journal();
  journal.append({Kind::begin, "a", Value::map({{"of", "a"}}), 1001});
  const Reversal reversal = undo_steps(journal, {notes.step("a"), notes.step("b")}, scene.around());
  CHECK(notes.take() == "undo a");
  CHECK(reversal.step == "a");
  CHECK(std::string(reversal.cause.what()) == "the program was ended before the transaction was");
}

TEST_CASE("durations are those of the finished steps") {
  Scene scene;
  Notes notes;
  notes.failing = "b";
  Journal journal = scene.new_journal();  // at 1000; each later look at the clock is a second later
  run_steps(journal, {notes.step("a"), notes.step("b")}, scene.around());
  CHECK(durations(journal).members().size() == 1);
  CHECK(durations(journal).integer_at("a") == 1);
}

TEST_CASE("killed at any record and any moment between, a run that would succeed ends old or new") {
  Node node(old_world);
  CHECK_FALSE(node.apply());
  CHECK(describe(node.world) == describe(new_world));
  check_every_kill(false);
}

TEST_CASE("killed at any record and any moment between, a run that fails ends old") {
  Node node(old_world);
  node.is_ill = true;
  const auto reversal = node.apply();
  REQUIRE(reversal);
  CHECK(reversal->step == "health");
  CHECK(describe(node.world) == describe(old_world));
  check_every_kill(true);
}

}  // namespace transaction_test
