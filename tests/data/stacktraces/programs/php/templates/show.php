<h1>Order</h1>
<?php $order->refund(null); ?>
