<?php
/* Sends as WP Mail SMTP has WordPress do: the settings of docs/recipes/wordpress.md, told to PHPMailer. Parameters are JSON. */

use PHPMailer\PHPMailer\PHPMailer;

require $argv[1];

$told = json_decode(stream_get_contents(STDIN), true, 16, JSON_THROW_ON_ERROR);
eval($told['settings']);

/* wp_mail() */
$mail = new PHPMailer(true);
$mail->CharSet = 'UTF-8';
$mail->ContentType = 'text/plain';
$mail->setFrom($told['author'], 'WordPress', false);
$mail->addAddress($told['to']);
$mail->Subject = '[ブログ] 新しいコメント';
$mail->Body = "コメントが届きました。\n\n.\nhttps://blog.example.org/?p=1#comment-2\n";

/* What the plugin does with its settings, before WordPress sends. */
if (WPMS_MAIL_FROM_FORCE) {
    $mail->From = WPMS_MAIL_FROM;
}
$mail->FromName = WPMS_MAIL_FROM_NAME;
if (WPMS_SET_RETURN_PATH) {
    $mail->Sender = $mail->From;
}
$mail->Mailer = WPMS_MAILER;
$mail->SMTPSecure = WPMS_SSL;
$mail->SMTPAutoTLS = WPMS_SMTP_AUTOTLS;
$mail->Host = WPMS_SMTP_HOST;
$mail->Port = WPMS_SMTP_PORT;
if (WPMS_SMTP_AUTH) {
    $mail->SMTPAuth = true;
    $mail->Username = WPMS_SMTP_USER;
    $mail->Password = WPMS_SMTP_PASS;
}
$mail->Timeout = 30;
/* The node is at an address here; its certificate has a name. */
$mail->SMTPOptions = ['ssl' => ['cafile' => $told['certificate'], 'peer_name' => $told['name']]];
$mail->send();
echo json_encode(['sender' => $mail->Sender]);
