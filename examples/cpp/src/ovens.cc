#include "ovens.hh"

std::vector<Oven> ovens() { return {{"Stone", 280}, {"Deck, upper", 240}, {"Deck, lower", 220}}; }

std::string page(const std::vector<Oven>& all) {
  std::string text = "<!doctype html>\n<title>Ovens</title>\n<table>\n";
  for (const auto& [name, celsius] : all)
    text += "<tr><td>" + name + "<td>" + std::to_string(celsius) + " &deg;C\n";
  return text + "</table>\n";
}

std::string json(const std::vector<Oven>& all) {
  std::string text = "[";
  for (const auto& [name, celsius] : all) {
    if (text.size() > 1) text += ", ";
    text += "{\"name\": \"" + name + "\", \"celsius\": " + std::to_string(celsius) + "}";
  }
  return text + "]\n";
}
