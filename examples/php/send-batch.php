<?php
// Sends one letter to many:  php send-batch.php shop@example.org a@example.com b@example.com …
// HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope messages:send.

$from = $argv[1];
$recipients = array_map(
    fn(string $to): array => ['to' => $to, 'variables' => ['name' => explode('@', $to)[0], 'points' => 120]],
    array_slice($argv, 2),
);

$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => [
        'Authorization: Bearer ' . getenv('HIKYAKU_KEY'),
        'Content-Type: application/json',
        'Idempotency-Key: ' . bin2hex(random_bytes(16)),
    ],
    'content' => json_encode([
        'from' => $from,
        'subject' => 'Your points, {{ name }}',
        'text' => "Dear {{ name }},\nyou have {{ points }} points.",
        'recipients' => $recipients,
    ], JSON_THROW_ON_ERROR),
    'ignore_errors' => true,
    'timeout' => 60,
]]);
$body = file_get_contents(getenv('HIKYAKU_URL') . '/v1/messages/batch', false, $context);
$answer = json_decode((string) $body, true, 512, JSON_THROW_ON_ERROR);
if (isset($answer['code'])) {
    fwrite(STDERR, "{$answer['code']}: {$answer['detail']} " . json_encode($answer['errors'] ?? []) . "\n");
    exit(1);
}
foreach ($answer['recipients'] as ['email' => $email, 'status' => $status]) {
    echo "$email $status\n";
}
