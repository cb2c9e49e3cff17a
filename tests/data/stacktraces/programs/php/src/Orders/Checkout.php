<?php
declare(strict_types=1);
//MOVE
namespace App\Orders;

class Checkout
{
    public function place(Order $order, string $how): void
    {
        try {
            $how === 'json' ? $this->parse("{oops {$order->id}") : $this->setting('DATABASE_URL');
        } catch (\JsonException | \LogicException $e) {
            //MOVE
            throw new OrderException("order {$order->id} failed", 7, $e);
        }
    }

    public function twice(Order $order): void
    {
        try {
            $this->place($order, 'json');
        } catch (OrderException $e) {
            throw new \DomainException('checkout failed', 0, $e);
        }
    }

    public function setting(string $name): string
    {
        throw new \LogicException("$name is not set");
    }

    public function parse(string $text): mixed
    {
        return json_decode($text, flags: JSON_THROW_ON_ERROR);
    }

    public function anonymous(Order $order): void
    {
        $rule = new class {
            public function check(Order $order): void
            {
                throw new OrderException("rule broken by {$order->id}");
            }
        };
        $rule->check($order);
    }

    public function tooFew(): void
    {
        $this->setting();
    }

    public function generated(Order $order): void
    {
        foreach ($this->items($order) as $item) {
            $item->check();
        }
    }

    private function items(Order $order): iterable
    {
        yield from [];
        throw new OrderException("no items in {$order->id}");
    }

    public function sorted(Order $order): void
    {
        //EXTRA
        $lines = [3, 1, 2];
        usort($lines, static function (int $a, int $b) use ($order): int {
            throw new OrderException("cannot sort {$order->id}");
        });
    }

    public function callback(Order $order): void
    {
        call_user_func_array([$order, 'refund'], [null]);
    }

    public function find(Order $order, string $what): void
    {
        throw new OrderException("$what not found");
    }

    public function pay(Order $order): void
    {
        throw new OrderException('order not found');
    }
}
