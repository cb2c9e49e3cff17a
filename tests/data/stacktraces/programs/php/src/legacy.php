<?php
//MOVE
function shop_legacy_total($order)
{
    return $order->missing()->amount;
}
