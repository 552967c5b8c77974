<?php

declare(strict_types=1);

namespace Orders;

use Money\Amount;

final class Cakes
{
    private const PRICES = ['Black forest' => 3200, 'Carrot & nut' => 2650, 'Wedding, three floors' => 124000];

    /** @return array<string, Amount> */
    public static function all(): array
    {
        return array_map(fn (int $cents) => new Amount($cents), self::PRICES);
    }
}
