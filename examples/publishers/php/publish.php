<?php

// Three triggers to one channel, one trigger to three channels and one batch of ten, with pusher-http-php.

declare(strict_types=1);

require __DIR__ . '/vendor/autoload.php';

const CHANNEL = 'my-channel';
const EVENT = 'my-event';
const DATA = ['hello' => 'world'];

function setting(string $name): string
{
    return getenv($name) ?: throw new RuntimeException("$name is not set");
}

function connect(): Pusher\Pusher
{
    // An explicit scheme and port override the library's default of TLS.
    $options = [
        'scheme' => setting('PUSHER_SCHEME'),
        'host' => setting('PUSHER_HOST'),
        'port' => (int) setting('PUSHER_PORT'),
    ];

    return new Pusher\Pusher(setting('PUSHER_KEY'), setting('PUSHER_SECRET'), setting('PUSHER_APP_ID'), $options);
}

function publish(Pusher\Pusher $pusher): void
{
    for ($call = 0; $call < 3; $call++) {
        $pusher->trigger(CHANNEL, EVENT, DATA);
    }
    $pusher->trigger([CHANNEL . '-1', CHANNEL . '-2', CHANNEL . '-3'], EVENT, DATA);
    $pusher->triggerBatch(array_fill(0, 10, ['channel' => CHANNEL, 'name' => EVENT, 'data' => DATA]));
}

try {
    publish(connect());
} catch (Throwable $error) {
    fwrite(STDERR, "publish: {$error->getMessage()}\n");
    exit(1);
}
