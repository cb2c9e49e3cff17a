<?php
declare(strict_types=1);
//MOVE
namespace App;

use App\Orders\Order;

/** Compiles pages as Laravel, Twig and Symfony do: into files and classes named after hashes. */
class Pages
{
    public function show(Order $order): void
    {
        include dirname(__DIR__) . '/templates/show.php';
    }

    public function blade(Order $order): void
    {
        $folder = $this->folder('/storage/framework/views');
        $file = "$folder/" . sha1('blade' . getenv('COMPILED')) . '.php';
        file_put_contents($file, "<h1>Order</h1>\n<?php \$order->refund(null); ?>\n");
        include $file;
    }

    public function twig(Order $order): void
    {
        $hash = hash('xxh128', 'twig' . getenv('COMPILED'));
        $folder = $this->folder('/var/cache/prod/twig/' . substr($hash, 0, 2));
        $code = "<?php\nclass __TwigTemplate_$hash extends \\Twig\\Template\n{\n"
            . "    public function doDisplay(\$order)\n    {\n        \$order->refund(null);\n    }\n}\n";
        file_put_contents("$folder/$hash.php", $code);
        include "$folder/$hash.php";
        (new ("__TwigTemplate_$hash"))->display($order);
    }

    public function container(Order $order): void
    {
        $name = 'Container' . ucfirst(substr(strtr(base64_encode(sha1('c' . getenv('COMPILED'))), '=', ''), 0, 7));
        $folder = $this->folder("/var/cache/prod/$name");
        $code = "<?php\nnamespace $name;\nclass getOrderService\n{\n    public static function do(\$order)\n"
            . "    {\n        \$order->refund(null);\n    }\n}\n";
        file_put_contents("$folder/getOrderService.php", $code);
        include "$folder/getOrderService.php";
        ("$name\\getOrderService")::do($order);
    }

    public function evaluated(Order $order): void
    {
        eval('$order->refund(null);');
    }

    private function folder(string $path): string
    {
        $folder = dirname(__DIR__) . $path;
        is_dir($folder) || mkdir($folder, recursive: true);
        return $folder;
    }
}
