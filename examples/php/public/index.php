<?php

// Cakes to order, as a page and as JSON.

declare(strict_types=1);

require __DIR__ . '/../vendor/autoload.php';

use Orders\Cakes;

function page(): string
{
    $rows = '';
    foreach (Cakes::all() as $name => $price) {
        $rows .= sprintf("<tr><td>%s<td>%s\n", htmlspecialchars($name), $price);
    }
    return "<!doctype html>\n<title>Cakes</title>\n<table>\n$rows</table>\n";
}

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
[$status, $type, $body] = match ($path) {
    '/' => [200, 'text/html; charset=utf-8', page()],
    '/cakes.json' => [200, 'application/json', json_encode(array_map('strval', Cakes::all()))],
    '/health' => [200, 'text/plain', 'ok ' . file_get_contents(__DIR__ . '/../VERSION')],
    default => [404, 'text/plain', "There is no such page.\n"],
};
http_response_code($status);
header("Content-Type: $type");
echo $body;
