#MOVE
defmodule Shop.OrderError do
  defexception [:message]
end

defmodule Shop.Orders do
  #MOVE
  def validate(field), do: raise(ArgumentError, "#{field} is invalid")

  def find(id), do: raise(Shop.OrderError, "order #{id} not found")

  def pay(_id) do
    raise Shop.OrderError, "order not found"
  end

  def missing(what), do: raise(Shop.OrderError, "#{what} not found")

  def total(lines) do
    #EXTRA
    Enum.map(lines, fn line ->
      Enum.reduce([line], 0, fn amount, sum -> amount + sum end)
    end)
  end

  def refund(payment), do: payment.amount

  def ship(parcel) do
    #MOVE
    parcel.amount
  end

  def place(order) when is_map(order), do: order

  def status(order) do
    case order do
      {:open, _} -> :open
      :closed -> :closed
    end
  end

  def paid(order) do
    {:ok, amount} = charge(order)
    amount
  end

  defp charge(order), do: {:error, order}

  def setting(name), do: Map.fetch!(%{}, name)

  def parse(text), do: String.to_integer(text)

  def descend(0, id), do: raise(Shop.OrderError, "order #{id} too deep")
  def descend(depth, id), do: 1 + descend(depth - 1, id)

  def wrap(id) do
    find(id)
  rescue
    error in Shop.OrderError -> reraise %RuntimeError{message: "wrapped #{error.message}"}, __STACKTRACE__
  end

  def captured(id), do: Enum.map([id], &find/1)

  def thrown(id), do: throw({:no_order, id})

  def left(id), do: exit({:shutdown, id})

  def tasked(payment) do
    Task.async(fn -> refund(payment) end) |> Task.await()
  end

  def stream(lines), do: lines |> Stream.map(fn line -> line + 1 end) |> Enum.to_list()

  def from_erlang(order), do: :shop_orders.place(order, 1)
end

defprotocol Shop.Priced do
  def price(item)
end

defimpl Shop.Priced, for: Tuple do
  def price({name}), do: raise(Shop.OrderError, "#{name} has no price")
end
