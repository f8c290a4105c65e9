<?php

// Publishes with pusher-http-php.
//
// "trigger" and "batch" publish the events on standard input (JSON Lines with channel, name and data), one or ten a
// call. Without an argument: three triggers to one channel, one trigger to three channels and one batch of ten.

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

function readEvents(): Generator
{
    while (($line = fgets(STDIN)) !== false) {
        yield (array) json_decode($line, flags: JSON_THROW_ON_ERROR);
    }
}

function triggerEach(Pusher\Pusher $pusher, iterable $events): void
{
    foreach ($events as $event) {
        $pusher->trigger($event['channel'], $event['name'], $event['data']);
    }
}

function batchByTen(Pusher\Pusher $pusher, iterable $events): void
{
    $batch = [];
    foreach ($events as $event) {
        $batch[] = $event;
        if (count($batch) === 10) {
            $pusher->triggerBatch($batch);
            $batch = [];
        }
    }
    if ($batch) {
        $pusher->triggerBatch($batch);
    }
}

function publishSamples(Pusher\Pusher $pusher): void
{
    for ($call = 0; $call < 3; $call++) {
        $pusher->trigger(CHANNEL, EVENT, DATA);
    }
    $pusher->trigger([CHANNEL . '-1', CHANNEL . '-2', CHANNEL . '-3'], EVENT, DATA);
    $pusher->triggerBatch(array_fill(0, 10, ['channel' => CHANNEL, 'name' => EVENT, 'data' => DATA]));
}

function publish(Pusher\Pusher $pusher, string $mode): void
{
    match ($mode) {
        'trigger' => triggerEach($pusher, readEvents()),
        'batch' => batchByTen($pusher, readEvents()),
        default => publishSamples($pusher),
    };
}

try {
    publish(connect(), $argv[1] ?? '');
} catch (Throwable $error) {
    fwrite(STDERR, "publish: {$error->getMessage()}\n");
    exit(1);
}
