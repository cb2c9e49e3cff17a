#MOVE
class OrderError < StandardError; end

class Order
  attr_reader :id

  Line = Struct.new(:item) do
    def price
      item.price
    end
  end

  class << self
    #MOVE
    def find(id)
      raise KeyError, "no order with id #{id}"
    end

    def stock
      @stock ||= Object.new.tap do |stock|
        def stock.take(order)
          raise OrderError, "no stock for order #{order.id}"
        end
      end
    end
  end

  def initialize(id)
    @id = id
  end

  def validate(field)
    #MOVE
    raise ArgumentError, "#{field} is invalid"
  end

  def total(lines)
    raise OrderError, "order #{id} is empty" if lines.empty?
    #EXTRA
    lines.each_with_index.map do |line, index|
      [line].each do |amount|
        amount + 1
      end
    end
  end

  def refund(payment)
    payment.amount
  end
  #MOVE

  def ship(parcel)
    parcel.amount
  end

  def descend(depth)
    raise OrderError, "order #{id} too deep" if depth.zero?
    descend(depth - 1)
  end

  def endless(depth)
    endless(depth + 1)
  end

  define_method(:dynamic) do
    raise OrderError, "dynamic order #{id}"
  end
end
