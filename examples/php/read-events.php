<?php
// What has happened:  php read-events.php [cursor]
// HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope events:read.

$cursor = $argv[1] ?? null;
$context = stream_context_create(['http' => [
    'header' => ['Authorization: Bearer ' . getenv('HIKYAKU_KEY')],
    'ignore_errors' => true,
    'timeout' => 60,
]]);
do {
    $query = http_build_query(['limit' => 100] + ($cursor === null ? [] : ['cursor' => $cursor]));
    $body = file_get_contents(getenv('HIKYAKU_URL') . "/v1/events?$query", false, $context);
    $page = json_decode((string) $body, true, 512, JSON_THROW_ON_ERROR);
    if (isset($page['code'])) {
        fwrite(STDERR, "{$page['code']}: {$page['detail']}\n");
        exit(1);
    }
    foreach ($page['data'] as $event) {
        echo $event['time'], ' ', $event['kind'], ' ', $event['recipient'] ?? '', "\n";
    }
    $cursor = $page['next'];
} while ($page['more']);
// Keep it, and give it the next time: nothing is missed, and nothing told twice.
echo "next: $cursor\n";
