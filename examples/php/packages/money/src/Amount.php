<?php

declare(strict_types=1);

namespace Money;

final class Amount
{
    public function __construct(public readonly int $cents)
    {
    }

    public function __toString(): string
    {
        return number_format($this->cents / 100, 2, '.', ' ');
    }
}
