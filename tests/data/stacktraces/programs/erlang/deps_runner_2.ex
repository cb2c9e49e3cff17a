defmodule Finch.Runner do
  def run(work), do: {:ok, Enum.map([1], fn _ -> Finch.Runner.Pipeline.through(work) end)}
end

defmodule Finch.Runner.Pipeline do
  def through(work), do: {:ok, work.()}
end
