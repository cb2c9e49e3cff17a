<?php
namespace Acme\Kernel {
    class Kernel
    {
        public function handle(callable $work): void
        {
            $this->handleRaw($work);
        }

        private function handleRaw(callable $work): void
        {
            $work();
        }
    }
}

namespace Twig {
    abstract class Template
    {
        public function display($order)
        {
            $this->doDisplay($order);
        }
    }
}
