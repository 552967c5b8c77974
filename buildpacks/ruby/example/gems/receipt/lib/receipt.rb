# frozen_string_literal: true

# What was bought, and what it comes to.
module Receipt
  def self.lines(items)
    rows = items.map { |name, cents| format("%-12s %6.2f", name, cents / 100.0) }
    rows << format("%-12s %6.2f", "Total", items.values.sum / 100.0)
  end
end
