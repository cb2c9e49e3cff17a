require "erb"
#MOVE
# Compiles templates as Rails does: a method named after the file, the template's hash and an id.
class Pages
  def render(page, order)
    path = File.expand_path("../app/views/orders/#{page}.html.erb", __dir__)
    method = "_app_views_orders_#{page}_html_erb__#{ENV.fetch("COMPILED", "1234567890123456789_12340")}"
    self.class.module_eval("def #{method}(order)\n#{ERB.new(File.read(path)).src}\nend", path, -1)
    public_send(method, order)
  end

  def evaluated(order)
    eval("order.refund(nil)")
  end
end
