require "json"; require "date"; require "socket"; require "net/http"; require "uri"; require "timeout"; require "yaml"; require "bigdecimal"; require "securerandom"
def rec(family, kind, *sets)
  (sets.empty? ? [[]] : sets).each do |a|
    begin; yield(*a); $stderr.puts "no error #{family} #{kind}"
    rescue Exception => e
      puts JSON.generate(family: family, kind: kind, type: e.class.name, message: e.message.dup.force_encoding("UTF-8").scrub, from: "recorded: Ruby #{RUBY_VERSION}")
    end
  end
end
class Order; def initialize(n, c); @id = n; @city = c; end; end
class Cart; end
rec("ruby/nomethod", "Order.total", [1, "Rome"], [22, "Bad Homburg"]) { |n, c| Order.new(n, c).total }
rec("ruby/nomethod", "Order.pay", [1, "Rome"]) { |n, c| Order.new(n, c).pay }
rec("ruby/nomethod", "nil.name") { nil.name }
rec("ruby/nomethod", "nil.map") { nil.map }
rec("ruby/nomethod", "Cart.new.total") { Cart.new.total }
rec("ruby/nameerror", "total") { total }
rec("ruby/nameerror", "Billing") { Billing }
rec("ruby/keyerror", "symbol-city") { {}.fetch(:city) }
rec("ruby/keyerror", "symbol-user") { {}.fetch(:user) }
rec("ruby/keyerror", "env-a") { ENV.fetch("DATABASE_URL") }
rec("ruby/keyerror", "env-b") { ENV.fetch("REDIS_URL") }
rec("ruby/integer", "Integer", ["abc"], ["12x"], ["Ann Lee"]) { |s| Integer(s) }
rec("ruby/integer", "Float", ["abc"], ["12x"], ["Ann Lee"]) { |s| Float(s) }
rec("ruby/argument", "count", []) { [].first(1, 2) }
rec("ruby/file", "config") { File.read("/etc/shop/config.yml") }
rec("ruby/file", "tls") { File.read("/etc/shop/tls.pem") }
rec("ruby/connect", "refused", [1], [2]) { |p| TCPSocket.new("127.0.0.1", p) }
rec("ruby/connect", "net-http", [1], [2]) { |p| Net::HTTP.get(URI("http://127.0.0.1:#{p}/x")) }
rec("ruby/connect", "dns") { Net::HTTP.get(URI("http://payments.invalid/x")) }
rec("ruby/json", "token", ["hello"], ["<html>"], ["Not found here"]) { |s| JSON.parse(s) }
rec("ruby/date", "invalid", ["abc"], ["31/31/2023"]) { |s| Date.parse(s) }
rec("ruby/type", "str+int") { "a" + 1 }
rec("ruby/type", "int+str") { 1 + "a" }
rec("ruby/type", "nil+int") { nil + 1 }
rec("ruby/type", "nocoerce") { 1 + nil }
rec("ruby/zerodiv", "z") { 1 / 0 }
rec("ruby/frozen", "str", ["abc"], ["Ann Lee"]) { |s| s.dup.freeze << "x" }
rec("ruby/frozen", "array") { [1].freeze << 2 }
rec("ruby/uri", "bad", ["http://a b/"], ["http://shop/x y"]) { |s| URI(s) }
rec("ruby/raise", "object", [1], [2]) { |n| raise "cannot ship #{Order.new(n, 'Rome').inspect}" }
rec("ruby/raise", "hash", [{a: 1}], [{a: 22}]) { |h| raise "unexpected payload #{h.inspect}" }
rec("ruby/timeout", "t", [0.01], [0.02]) { |t| Timeout.timeout(t) { sleep 1 } }
rec("ruby/require", "a") { require "shop/billing" }
rec("ruby/require", "b") { require "shop/pricing" }
rec("ruby/yaml", "syntax", ["a: b: c"], ["x: [1"]) { |s| YAML.load(s) }
