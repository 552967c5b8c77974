# frozen_string_literal: true

# Shows a receipt, on 127.0.0.1.
require "receipt"
require "socket"

ITEMS = { "Rye bread" => 480, "Plum tart" => 350 }.freeze

def body_of(path)
  case path
  when "/health" then "ok\n"
  when "/" then "#{Receipt.lines(ITEMS).join("\n")}\n"
  end
end

def attend(visitor)
  path = visitor.gets.to_s.split[1]
  nil until visitor.gets.to_s.strip.empty?
  body = body_of(path)
  visitor.write("HTTP/1.0 #{body ? '200 OK' : '404 Not Found'}\r\nContent-Type: text/plain\r\n\r\n",
                body || "There is no such page.\n")
rescue SystemCallError
  # A visitor that goes away is not our fault.
ensure
  visitor.close
end

Signal.trap("TERM") { exit }
server = TCPServer.new("127.0.0.1", Integer(ENV.fetch("PORT", "8080")))
loop { Thread.new(server.accept) { |visitor| attend(visitor) } }
