<?php
declare(strict_types=1);
//MOVE
namespace App\Orders;

class OrderException extends \RuntimeException
{
}

trait Audited
{
    public function audited(): void
    {
        throw new OrderException("order {$this->id} was not audited");
    }
}

class Order
{
    use Audited;

    public function __construct(public readonly int $id)
    {
    }

    public function __call(string $name, array $arguments): void
    {
        throw new \BadMethodCallException("no $name");
    }

    public static function find(int $id): self
    {
        //MOVE
        throw new \OutOfBoundsException("no order with id $id");
    }

    public function validate(string $field): void
    {
        //MOVE
        throw new \InvalidArgumentException("$field is invalid");
    }

    public function total(array $lines): array
    {
        if (!$lines) {
            throw new OrderException("order {$this->id} is empty");
        }
        //EXTRA
        return array_map(function ($line) {
            return array_map(fn ($amount) => intdiv($amount, 1), [$line]);
        }, $lines);
    }

    public function refund(?object $payment): void
    {
        $payment->amount();
    }

    public function ship(?object $parcel): void
    {
        //MOVE
        $parcel->amount();
    }

    public function split(int $parts): int
    {
        return intdiv($this->id, $parts);
    }

    public function descend(int $depth): void
    {
        if ($depth === 0) {
            throw new OrderException("order {$this->id} too deep");
        }
        $this->descend($depth - 1);
    }
}
