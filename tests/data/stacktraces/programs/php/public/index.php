<?php
// Prints exceptions as PHP itself and as OpenTelemetry's SDK (tab, "at", dots) write them.
// Fields end with \x1f, records with \x1e.
declare(strict_types=1);
//MOVE
$vendor = dirname(__DIR__) . '/vendor/acme/kernel/';
foreach (glob($vendor . '{*.php,src/*.php}', GLOB_BRACE) as $file) {
    require $file;
}
foreach (['Orders/Order', 'Orders/Checkout', 'Pages', 'legacy'] as $name) {
    require dirname(__DIR__) . "/src/$name.php";
}

use Acme\Kernel\Kernel;
use App\Orders\Checkout;
use App\Orders\Order;
use App\Pages;

function javaLike(Throwable $e, array $seen = []): string
{
    // The form of OpenTelemetry's StackTraceFormatter: the place of a call belongs to its caller.
    $text = '';
    $outer = [];
    do {
        $lines = [];
        $file = basename($e->getFile());
        $line = $e->getLine();
        foreach ([...$e->getTrace(), null] as $call) {
            $class = isset($call['class']) ? strtr($call['class'], ['\\' => '.']) . '.' : '';
            $name = $call ? $class . strtr($call['function'], ['\\' => '.']) : '{main}';
            $lines[] = "\tat $name(" . ($file ? "$file:$line" : 'Unknown Source') . ')';
            $file = isset($call['file']) ? basename($call['file']) : '';
            $line = $call['line'] ?? 0;
        }
        $shared = 0;
        while ($shared < min(count($lines), count($outer))
            && $lines[count($lines) - 1 - $shared] === $outer[count($outer) - 1 - $shared]) {
            $shared++;
        }
        $kept = array_slice($lines, 0, count($lines) - $shared);
        $head = strtr($e::class, ['\\' => '.']) . ($e->getMessage() !== '' ? ': ' . $e->getMessage() : '');
        $text .= ($text !== '' ? "\nCaused by: " : '') . $head . "\n" . implode("\n", $kept);
        $text .= $shared ? "\n\t... $shared more" : '';
        $outer = $lines;
    } while ($e = $e->getPrevious());
    return $text;
}

function record(string $name, callable $work): void
{
    ob_start();
    try {
        (new Kernel())->handle($work);
    } catch (Throwable $e) {
        ob_end_clean();
        foreach (['native' => (string) $e, 'otel' => javaLike($e)] as $form => $text) {
            echo implode("\x1f", ["$form/$name", $e::class, $e->getMessage(), $text]), "\x1e";
        }
    }
}

function main(): void
{
    $order = new Order((int) (getenv('ID') ?: '4711'));
    $checkout = new Checkout();
    record('invalid_city', fn () => $order->validate('city'));
    record('invalid_user', fn () => $order->validate('user'));
    record('empty', fn () => $order->total([]));
    record('closure', fn () => $order->total([1, null]));
    record('refund_null', fn () => $order->refund(null));
    record('ship_null', fn () => $order->ship(null));
    record('static', fn () => Order::find($order->id));
    record('caused_json', fn () => $checkout->place($order, 'json'));
    record('caused_setting', fn () => $checkout->place($order, 'setting'));
    record('twice', fn () => $checkout->twice($order));
    record('recursive', fn () => $order->descend((int) (getenv('DEPTH') ?: '3')));
    record('magic', fn () => $order->anything());
    record('anonymous', fn () => $checkout->anonymous($order));
    record('type_error', fn () => $order->validate([]));
    record('argument_count', fn () => $checkout->tooFew());
    record('generator', fn () => $checkout->generated($order));
    record('usort', fn () => $checkout->sorted($order));
    record('include', fn () => (new Pages())->show($order));
    record('blade', fn () => (new Pages())->blade($order));
    record('twig', fn () => (new Pages())->twig($order));
    record('container', fn () => (new Pages())->container($order));
    record('evaluated', fn () => (new Pages())->evaluated($order));
    record('plain_function', fn () => shop_legacy_total($order));
    record('json', fn () => $checkout->parse('{oops ' . $order->id));
    record('not_found', fn () => $checkout->find($order, 'order'));
    record('not_found_user', fn () => $checkout->find($order, 'user'));
    record('payment', fn () => $checkout->pay($order));
    record('divide', fn () => $order->split(0));
    record('trait', fn () => $order->audited());
    record('callback', fn () => $checkout->callback($order));
}

main();
