module Rack
  class Handler
    def call(env)
      serve(env) { yield env }
    end

    def serve(env)
      yield env
    end
  end
end
