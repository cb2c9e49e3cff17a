defmodule Shop.MixProject do
  use Mix.Project

  def project do
    [app: :shop, version: "0.1.0", erlc_options: [:debug_info], deps: [{:finch, path: "deps/finch"}]]
  end

  def application, do: [extra_applications: [:logger]]
end
