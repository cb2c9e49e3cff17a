require "json"
require "timeout"
#MOVE
module Texts
  refine String do
    def shout
      raise OrderError, "cannot shout #{self}"
    end
  end
end
using Texts

class Checkout
  def place(order, how)
    #MOVE
    how == :io ? load(order) : setting(order)
  rescue SystemCallError, KeyError
    raise OrderError, "order #{order.id} failed"
  end

  def load(order)
    File.read("/nonexistent/#{order.id}")
  end

  def setting(order)
    {}.fetch("DATABASE_URL")
  end

  def retry_place(order)
    load(order)
  rescue SystemCallError
    setting(order)
  end

  def close(order)
    order.id
  ensure
    raise OrderError, "closed order #{order.id}"
  end

  def refined(order)
    "order #{order.id}".shout
  end

  def rule
    #EXTRA
    ->(order) { raise OrderError, "rule broken by #{order.id}" }
  end

  def slow(order)
    Timeout.timeout(0.05) { sleep 1 }
  end

  def parse(text)
    JSON.parse(text)
  end

  def threaded(order)
    Thread.new { Thread.current.report_on_exception = false; order.refund(nil) }.join
  end

  def find(order, what)
    raise OrderError, "#{what} not found"
  end

  def pay(order)
    raise OrderError, "order not found"
  end
end
