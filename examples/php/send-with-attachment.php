<?php
// Sends a message with a file:  php send-with-attachment.php shop@example.org user@example.com invoice.pdf
// HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope messages:send.

[, $from, $to, $file] = $argv;

$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => ['Authorization: Bearer ' . getenv('HIKYAKU_KEY'), 'Content-Type: application/json'],
    'content' => json_encode([
        'from' => $from,
        'to' => $to,
        'subject' => 'Your invoice',
        'text' => 'It is attached.',
        'attachments' => [['name' => basename($file), 'content' => base64_encode(file_get_contents($file))]],
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
