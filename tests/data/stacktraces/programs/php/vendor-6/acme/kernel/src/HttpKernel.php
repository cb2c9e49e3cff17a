<?php
namespace Acme\Kernel {
    class Pipeline
    {
        public static function through(callable $work): void
        {
            array_map(static fn (int $one) => $work(), [1]);
        }
    }

    class Kernel
    {
        public function handle(callable $work): void
        {
            Pipeline::through($work);
        }
    }
}

namespace Twig {
    abstract class Template
    {
        public function display($order)
        {
            $this->yieldTemplate($order);
        }

        private function yieldTemplate($order)
        {
            $this->doDisplay($order);
        }
    }
}
