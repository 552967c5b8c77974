# frozen_string_literal: true

Gem::Specification.new do |spec|
  spec.name = "receipt"
  spec.version = "1.0.0"
  spec.summary = "What was bought, and what it comes to"
  spec.authors = ["The bakery"]
  spec.files = ["lib/receipt.rb"]
end
