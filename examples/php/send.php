<?php
// Sends one message:  php send.php shop@example.org user@example.com
// HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope messages:send.

[, $from, $to] = $argv;

$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => [
        'Authorization: Bearer ' . getenv('HIKYAKU_KEY'),
        'Content-Type: application/json',
        // The number of an order is better: who asks again under it, after an answer that never came, sends nothing twice.
        'Idempotency-Key: ' . bin2hex(random_bytes(16)),
    ],
    'content' => json_encode([
        'from' => ['email' => $from, 'name' => 'Example shop'],
        'to' => $to,
        'subject' => 'Your order',
        'text' => 'Thank you for your order.',
        'html' => '<p>Thank you for <b>your order</b>.</p>',
        'tags' => ['order'],
    ], JSON_THROW_ON_ERROR),
    'ignore_errors' => true,
    'timeout' => 60,
]]);
$body = file_get_contents(getenv('HIKYAKU_URL') . '/v1/messages', false, $context);
$answer = json_decode((string) $body, true, 512, JSON_THROW_ON_ERROR);
if (isset($answer['code'])) {
    fwrite(STDERR, "{$answer['code']}: {$answer['detail']} " . json_encode($answer['errors'] ?? []) . "\n");
    exit(1);
}
echo $answer['id'], "\n";
foreach ($answer['recipients'] as ['email' => $email, 'status' => $status]) {
    echo "$email $status\n";
}
