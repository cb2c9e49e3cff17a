defmodule Finch.MixProject do
  use Mix.Project
  def project, do: [app: :finch, version: "0.16.0"]
  def application, do: []
end
