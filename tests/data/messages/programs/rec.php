<?php
set_error_handler(function($n, $s) { throw new ErrorException($s); });
function rec($family, $kind, $f, ...$sets) { foreach ($sets ?: [null] as $a) { try { $f($a); fwrite(STDERR, "no error $family $kind\n"); } catch (Throwable $e) { echo json_encode(["family" => $family, "kind" => $kind, "type" => get_class($e), "message" => $e->getMessage(), "from" => "recorded: PHP " . PHP_VERSION], JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE), "\n"; } } }
class Order { public int $total; private $x; function ship(string $city, int $n) {} static function one(Order $o) {} } class Cart {} enum State: string { case Open = "open"; }
rec("php/undefined", "var-total", function() { echo $total; });
rec("php/undefined", "var-city", function() { echo $city; });
rec("php/undefined", "key-city", function() { $a = []; $a["city"]; });
rec("php/undefined", "key-user", function() { $a = []; $a["user"]; });
rec("php/undefinedkey", "int", fn($i) => [][$i], 3, 77);
rec("php/undefined", "prop", function() { $o = new Order; $o->city; });
rec("php/undefined", "prop-Cart", function() { $o = new Cart; $o->city; });
rec("php/undefined", "method", function() { (new Order)->pay(); });
rec("php/undefined", "method-null", function() { $x = null; $x->pay(); });
rec("php/undefined", "function", function() { order_total(); });
rec("php/undefined", "class", function() { new Billing; });
rec("php/undefined", "const", function() { echo SHOP_URL; });
rec("php/type", "int", fn($v) => (new Order)->ship("x", $v), "abc", "Ann");
rec("php/type", "Order", fn($v) => Order::one($v), new Cart);
rec("php/type", "Order-null", fn($v) => Order::one($v), null);
rec("php/typedprop", "total", function($v) { $o = new Order; $o->total = $v; }, "abc", "Ann");
rec("php/uninit", "total", function() { $o = new Order; return $o->total; });
rec("php/access", "x", function() { $o = new Order; return $o->x; });
rec("php/args", "few", function() { (new Order)->ship("x"); });
rec("php/arith", "mod", fn($v) => $v % 0, 1);
rec("php/arith", "operand", fn($v) => [] + $v, 1);
rec("php/enum", "State", fn($v) => State::from($v), "closed", "Paid off");
rec("php/date", "bad", fn($v) => new DateTime($v), "gestern", "31/31/2023", "foo bar");
rec("php/json", "syntax", fn($v) => json_decode($v, false, 512, JSON_THROW_ON_ERROR), "hello", "<a>");
rec("php/file", "config", fn() => file_get_contents("/etc/shop/config.yml"));
rec("php/file", "tls", fn() => file_get_contents("/etc/shop/tls.pem"));
rec("php/include", "a", fn() => require "/srv/shop/billing.php");
rec("php/include", "b", fn() => require "/srv/shop/pricing.php");
rec("php/pdo", "driver", fn($v) => new PDO("mysql:host=db.shop", "u", "p"));
rec("php/array2string", "x", function() { echo "x" . []; });
rec("php/socket", "refused", fn($p) => fsockopen("127.0.0.1", $p), 1, 2);
rec("php/http", "refused", fn($p) => file_get_contents("http://127.0.0.1:$p/orders/7"), 1, 2);
rec("php/http", "dns", fn($p) => file_get_contents("http://payments.invalid/orders/$p"), 1, 222);
rec("php/numeric", "x", fn($v) => 1 + $v, "abc", "Ann");
rec("php/memory", "unserialize", fn($v) => unserialize($v), "abc", "a:1:{");
