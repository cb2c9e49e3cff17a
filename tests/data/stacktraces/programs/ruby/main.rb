# Prints exceptions as OpenTelemetry's Ruby SDK records them: fields end with \x1f, records with \x1e.
require "rack/handler"
#MOVE
require_relative "app/models/order"
require_relative "app/services/checkout"
require_relative "lib/pages"

def record(name, order)
  Rack::Handler.new.call({}) { yield order }
rescue Exception => e # rubocop:disable all
  text = e.full_message(highlight: ENV["HIGHLIGHT"] == "1", order: :top)
  text = e.full_message(highlight: false, order: :bottom) if ENV["ORDER"] == "bottom"
  print [name, e.class, e.message, text].join("\x1f"), "\x1e"
end

def main
  order = Order.new(ENV.fetch("ID", "4711"))
  checkout = Checkout.new
  record("invalid_city", order) { |o| o.validate("city") }
  record("invalid_user", order) { |o| o.validate("user") }
  record("empty", order) { |o| o.total([]) }
  record("block", order) { |o| o.total([1, nil]) }
  record("refund_nil", order) { |o| o.refund(nil) }
  record("ship_nil", order) { |o| o.ship(nil) }
  record("class_method", order) { |o| Order.find(o.id) }
  record("caused_io", order) { |o| checkout.place(o, :io) }
  record("caused_key", order) { |o| checkout.place(o, :key) }
  record("rescued", order) { |o| checkout.retry_place(o) }
  record("ensured", order) { |o| checkout.close(o) }
  record("recursive", order) { |o| o.descend(Integer(ENV.fetch("DEPTH", "3"))) }
  record("endless", order) { |o| o.endless(0) }
  record("define_method", order) { |o| o.dynamic }
  record("missing", order) { |o| o.unknown_thing }
  record("template", order) { |o| Pages.new.render("show", o) }
  record("template_list", order) { |o| Pages.new.render("list", o) }
  record("evaluated", order) { |o| Pages.new.evaluated(o) }
  record("refined", order) { |o| checkout.refined(o) }
  record("lambda", order) { |o| checkout.rule.call(o) }
  record("timeout", order) { |o| checkout.slow(o) }
  record("json", order) { |o| checkout.parse("{oops #{o.id}") }
  record("thread", order) { |o| checkout.threaded(o) }
  record("not_found", order) { |o| checkout.find(o, "order") }
  record("not_found_user", order) { |o| checkout.find(o, "user") }
  record("payment", order) { |o| checkout.pay(o) }
  record("struct", order) { |o| Order::Line.new(nil).price }
  record("singleton", order) { |o| Order.stock.take(o) }
end

main
