<?php
// Takes webhooks that are ours:  php -S 127.0.0.1:8000 verify-webhook.php
// HIKYAKU_WEBHOOK_SECRET is what the webhook was answered with when it was made: whsec_…

function isOurs(string $body): bool
{
    $key = base64_decode(preg_replace('/^whsec_/', '', getenv('HIKYAKU_WEBHOOK_SECRET')));
    $time = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (!ctype_digit($time) || abs(time() - (int) $time) >= 300) {
        return false;
    }
    $signed = ($_SERVER['HTTP_WEBHOOK_ID'] ?? '') . ".$time.$body";
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', $signed, $key, true));
    foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $signature) {
        if (hash_equals($expected, $signature)) {
            return true;
        }
    }
    return false;
}

// The body as it came, before anything reads it.
$body = file_get_contents('php://input');
if (!isOurs($body)) {
    http_response_code(401);
    return;
}
foreach (json_decode($body, true, 512, JSON_THROW_ON_ERROR)['data']['events'] ?? [] as $event) {
    file_put_contents('php://stdout', $event['kind'] . ' ' . ($event['recipient'] ?? '') . "\n");
}
http_response_code(204);
