defmodule Finch.Runner do
  def run(work), do: {:ok, work.()}
end
