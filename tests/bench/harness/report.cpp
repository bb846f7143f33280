#include "tests/bench/harness/report.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <ctime>
#include <fstream>
#include <iterator>

namespace simplevisor::bench {

namespace {

std::optional<double> fastest_bare(const MeasureResult& result, const std::vector<System>& systems,
                                   const Column& column) {
  std::optional<double> best;
  for (const System& system : systems) {
    const auto collected = result.collected.find(system.name);
    if (!system.bare || collected == result.collected.end()) continue;
    const auto value = column.value(collected->second);
    if (!value) continue;
    if (!best || (column.better == Better::lower ? *value < *best : *value > *best)) best = value;
  }
  return best;
}

std::optional<bool> judge(const Column& column, const Cell& cell) {
  if (column.ratio_limit && cell.ratio) {
    return column.better == Better::lower ? *cell.ratio <= *column.ratio_limit
                                          : *cell.ratio >= *column.ratio_limit;
  }
  if (column.absolute_limit && cell.value) return *cell.value <= *column.absolute_limit;
  return std::nullopt;
}

std::string limit_of(const Column& column) {
  if (column.ratio_limit) {
    return fmt::format("{} {:.2g} x", column.better == Better::lower ? "<=" : ">=", *column.ratio_limit);
  }
  return column.absolute_limit ? fmt::format("<= {:g}", *column.absolute_limit) : "";
}

std::string verdicts(const Measure& measure, const Row& row) {
  std::string text;
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    if (!row.cells[i].pass) continue;
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}: {}", measure.columns[i].head, limit_of(measure.columns[i]),
                        *row.cells[i].pass ? "pass" : "**MISS**");
  }
  return text;
}

std::string machine() {
  utsname name{};
  ::uname(&name);
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::string model = "unknown processor";
  for (std::string line; std::getline(cpuinfo, line);) {
    if (!line.starts_with("model name")) continue;
    model = line.substr(std::min(line.size(), line.find(':') + 2));
    break;
  }
  const long mib = ::sysconf(_SC_PHYS_PAGES) / 256 * (::sysconf(_SC_PAGESIZE) / 4096);
  return fmt::format("{:%Y-%m-%d %H:%M}, {}, {} processors, {} MiB, Linux {}",
                     fmt::localtime(std::time(nullptr)), model, ::sysconf(_SC_NPROCESSORS_ONLN), mib,
                     name.release);
}

std::string rounds_line(const MeasureResult& result) {
  std::string text;
  for (const CaseRounds& item : result.cases) {
    text += fmt::format("{}{}: {} rounds", text.empty() ? "" : "; ", item.label, item.used);
    if (item.repeated > 0) text += fmt::format(", {} thrown away", item.repeated);
    if (item.noisy_used > 0) text += fmt::format(", {} NOISY", item.noisy_used);
    text += fmt::format(" (others at most {:.0f}%)", item.noise_max * 100);
  }
  return text;
}

boost::json::value number(const std::optional<double>& value) {
  return value ? boost::json::value(*value) : boost::json::value(nullptr);
}

boost::json::object row_json(const MeasureResult& result, const Row& row) {
  boost::json::array columns;
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    const Column& column = result.measure->columns[i];
    const Cell& cell = row.cells[i];
    boost::json::object object{
        {"head", column.head}, {"value", number(cell.value)}, {"ratio", number(cell.ratio)}};
    if (cell.pass) {
      object["limit"] = limit_of(column);
      object["pass"] = *cell.pass;
    }
    columns.push_back(std::move(object));
  }
  boost::json::object samples;
  if (const auto found = result.collected.find(row.system); found != result.collected.end()) {
    for (const auto& [label, series] : found->second) {
      for (const auto& [name, values] : series) {
        samples[label + "/" + name] = boost::json::array(values.begin(), values.end());
      }
    }
  }
  boost::json::array problems;
  for (const auto* list : {&result.problems, &result.unable}) {
    if (const auto found = list->find(row.system); found != list->end()) {
      for (const std::string& text : found->second) problems.push_back(boost::json::value(text));
    }
  }
  return {{"system", row.system}, {"columns", columns}, {"samples", samples}, {"problems", problems}};
}

}  // namespace

std::vector<Row> rows_of(const MeasureResult& result, const std::vector<System>& systems,
                         const std::function<bool(const System&)>& judged) {
  std::vector<Row> rows;
  for (const System& system : systems) {
    Row row{system.name, {}};
    const auto collected = result.collected.find(system.name);
    for (const Column& column : result.measure->columns) {
      Cell cell;
      if (collected != result.collected.end()) cell.value = column.value(collected->second);
      const auto best = column.ratio ? fastest_bare(result, systems, column) : std::nullopt;
      if (cell.value && best && *best > 0) cell.ratio = *cell.value / *best;
      if (judged(system)) cell.pass = judge(column, cell);
      row.cells.push_back(cell);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string markdown(const MeasureResult& result, const std::vector<Row>& rows) {
  const Measure& measure = *result.measure;
  std::string text = fmt::format("### {} {}\n\n| system |", measure.id, measure.title);
  std::string line = "|---|";
  for (const Column& column : measure.columns) {
    text += fmt::format(" {} |{}", column.head, column.ratio ? " x |" : "");
    line += column.ratio ? "---:|---:|" : "---:|";
  }
  text += " targets |\n" + line + "---|\n";
  for (const Row& row : rows) {
    text += fmt::format("| {} |", row.system);
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const Cell& cell = row.cells[i];
      text += cell.value ? fmt::format(" {:.{}f} |", *cell.value, measure.columns[i].decimals) : " - |";
      if (measure.columns[i].ratio) text += cell.ratio ? fmt::format(" {:.2f} |", *cell.ratio) : " - |";
    }
    text += fmt::format(" {} |\n", verdicts(measure, row));
  }
  text += fmt::format("\n{}\n", rounds_line(result));
  for (const auto& [list, word] :
       {std::pair{&result.problems, "FAILED"}, std::pair{&result.unable, "not measured"}}) {
    for (const auto& [system, problems] : *list) {
      for (const std::string& problem : problems)
        text += fmt::format("\n- {}, {}: {}", word, system, problem);
    }
  }
  return text + "\n";
}

std::string footnotes(const std::vector<System>& systems) {
  std::string text = machine() + "\n\n";
  for (const System& system : systems) text += fmt::format("- {}: {}\n", system.name, system.note);
  return text;
}

std::string json(const std::vector<MeasureResult>& results, const std::vector<std::vector<Row>>& rows,
                 const std::vector<System>& systems) {
  boost::json::object document{{"machine", machine()}};
  boost::json::object notes;
  for (const System& system : systems) notes[system.name] = system.note;
  document["systems"] = notes;
  boost::json::array measures;
  for (std::size_t i = 0; i < results.size(); ++i) {
    boost::json::array cases;
    for (const CaseRounds& item : results[i].cases) {
      cases.push_back(boost::json::object{{"case", item.label},
                                          {"rounds", item.used},
                                          {"noisy", item.noisy_used},
                                          {"thrown_away", item.repeated},
                                          {"others_max", item.noise_max}});
    }
    boost::json::array row_list;
    for (const Row& row : rows[i]) row_list.push_back(row_json(results[i], row));
    measures.push_back(boost::json::object{{"id", results[i].measure->id},
                                           {"title", results[i].measure->title},
                                           {"cases", cases},
                                           {"rows", row_list}});
  }
  document["measures"] = measures;
  return boost::json::serialize(document) + "\n";
}

}  // namespace simplevisor::bench
