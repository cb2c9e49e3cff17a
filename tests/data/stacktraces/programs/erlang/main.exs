# Prints exceptions as OpenTelemetry's Elixir and Erlang APIs record them, and as loggers write them.
# Fields end with \x1f, records with \x1e.
defmodule Shop.Main do
  def record(name, work) do
    try do
      {:ok, _} = Finch.Runner.run(work)
    catch
      kind, reason ->
        trace = __STACKTRACE__
        error = Exception.normalize(kind, reason, trace)
        {type, message} = if is_exception(error), do: {to_string(error.__struct__), Exception.message(error)}, else: {"#{kind}", Exception.format_banner(kind, reason, trace)}
        put("api/" <> name, type, message, Exception.format_stacktrace(trace))
        put("logger/" <> name, type, message, Exception.format(kind, reason, trace))
        put("list/" <> name, "#{kind}:#{limited(reason)}", "", to_string(:io_lib.format("~0tp", [trace])))
        pretty = :erl_error.format_exception(kind, reason, trace)
        put("shell/" <> name, "#{kind}:#{limited(reason)}", "", "** " <> to_string(pretty))
    end
  end

  defp limited(term), do: to_string(:io_lib.format("~0tP", [term, 10], chars_limit: 50))

  defp put(name, type, message, text), do: IO.write([Enum.join([name, type, message, text], "\x1f"), "\x1e"])

  def main do
    id = System.get_env("ID", "4711") |> String.to_integer()
    depth = System.get_env("DEPTH", "3") |> String.to_integer()
    alias Shop.Orders
    record("invalid_city", fn -> Orders.validate("city") end)
    record("invalid_user", fn -> Orders.validate("user") end)
    record("find", fn -> Orders.find(id) end)
    record("pay", fn -> Orders.pay(id) end)
    record("not_found", fn -> Orders.missing("order") end)
    record("not_found_user", fn -> Orders.missing("user") end)
    record("closure", fn -> Orders.total([1, nil]) end)
    record("refund_nil", fn -> Orders.refund(nil) end)
    record("ship_nil", fn -> Orders.ship(nil) end)
    record("no_clause", fn -> Orders.place(id) end)
    record("case_clause", fn -> Orders.status(id) end)
    record("match", fn -> Orders.paid(id) end)
    record("setting", fn -> Orders.setting(:database_url) end)
    record("parse", fn -> Orders.parse("x#{id}") end)
    record("recursive", fn -> Orders.descend(depth, id) end)
    record("wrapped", fn -> Orders.wrap(id) end)
    record("captured", fn -> Orders.captured(id) end)
    record("thrown", fn -> Orders.thrown(id) end)
    record("left", fn -> Orders.left(id) end)
    record("stream", fn -> Orders.stream([nil]) end)
    record("undefined", fn -> apply(Orders, :nothing, [id]) end)
    record("protocol", fn -> Shop.Priced.price({"item"}) end)
    record("not_implemented", fn -> Shop.Priced.price(id) end)
    record("erl_place", fn -> :shop_orders.place(id, 2) end)
    record("erl_take", fn -> :shop_orders.place(:none, 2) end)
    record("erl_total", fn -> :shop_orders.total([1, :none]) end)
    record("erl_refund", fn -> :shop_orders.refund(%{}) end)
    record("erl_ship", fn -> :shop_orders.ship(%{}) end)
    record("erl_status", fn -> :shop_orders.status(id) end)
    record("erl_descend", fn -> :shop_orders.descend(depth, id) end)
    record("erl_find", fn -> :shop_orders.find(id) end)
    record("erl_missing", fn -> :shop_orders.missing(id) end)
    record("erl_parse", fn -> :shop_orders.parse("x#{id}") end)
    record("erl_local", fn -> :shop_orders.local(id) end)
    record("erl_apply", fn -> :shop_orders.apply_to(fn _ -> Orders.find(id) end, 1) end)
    record("erl_from", fn -> Orders.from_erlang(:none) end)
    record("erl_guarded", fn -> :shop_orders.guarded(-id) end)
  end
end

Shop.Main.main()
