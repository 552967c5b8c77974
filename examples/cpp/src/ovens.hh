// The ovens of the bakery, and how warm they are to be.
#pragma once

#include <string>
#include <vector>

struct Oven {
  std::string name;
  int celsius;
};

std::vector<Oven> ovens();
std::string page(const std::vector<Oven>& all);
std::string json(const std::vector<Oven>& all);
