<?php
/* Sends messages as WordPress does: PHPMailer. Parameters are JSON on standard input; answers what was sent, as JSON. */

use PHPMailer\PHPMailer\PHPMailer;
use PHPMailer\PHPMailer\SMTP;

require $argv[1];

/* Remembers what went over the wire, dots aside. */
$wire = new class () extends SMTP {
    public array $sent = [];

    public function data($msg_data)
    {
        $lines = preg_split('/\r\n|\r|\n/', $msg_data);
        $this->sent[] = base64_encode(implode("\r\n", $lines) . "\r\n");
        return parent::data($msg_data);
    }
};

$told = json_decode(stream_get_contents(STDIN), true, 16, JSON_THROW_ON_ERROR);
$mail = new PHPMailer(true);
$mail->isSMTP();
$mail->setSMTPInstance($wire);
$mail->Host = '127.0.0.1';
$mail->Port = $told['port'];
$mail->SMTPAuth = true;
$mail->Username = $told['login'];
$mail->Password = $told['password'];
$mail->AuthType = $told['authType'];
$mail->SMTPSecure = $told['tls'] === 'implicit' ? PHPMailer::ENCRYPTION_SMTPS : PHPMailer::ENCRYPTION_STARTTLS;
$mail->SMTPOptions = ['ssl' => ['cafile' => $told['certificate'], 'peer_name' => $told['name'], 'verify_peer' => true]];
$mail->SMTPKeepAlive = true;
$mail->CharSet = PHPMailer::CHARSET_UTF8;
$mail->Encoding = $told['encoding'];
$mail->Timeout = 20;
$mail->setFrom($told['from'], '差出人');
$mail->Subject = '通知 Grüße';
foreach ($told['to'] as $number => $to) {
    $mail->clearAllRecipients();
    $mail->clearAttachments();
    $mail->addAddress($to, '受取人');
    $mail->addBCC('bcc-' . $to);
    $mail->isHTML(true);
    $mail->Body = "<p>本文 $number</p>\n.\n..dots\n";
    $mail->AltBody = "本文 $number\n.\n..dots\n";
    $mail->addStringAttachment(random_bytes(5000), '絵.bin');
    $mail->send();
}
$mail->smtpClose();
echo json_encode(['sent' => $wire->sent]);
