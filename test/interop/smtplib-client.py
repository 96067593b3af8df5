"""Sends one message as Python programs do. Parameters are JSON on standard input; answers what was sent, as JSON."""

import base64
import json
import smtplib
import ssl
import sys
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8

told = json.load(sys.stdin)
context = ssl.create_default_context(cafile=told["certificate"])
# The certificate is for the name of the node, which no DNS knows here.
context.check_hostname = False


class Recording(smtplib.SMTP):
    """Remembers what went over the wire, dots aside."""

    content = b""

    def data(self, msg):
        self.content = msg
        return super().data(msg)


class RecordingSsl(Recording, smtplib.SMTP_SSL):
    pass


def opened():
    if told["tls"] == "implicit":
        return RecordingSsl("127.0.0.1", told["port"], context=context, timeout=20)
    client = Recording("127.0.0.1", told["port"], timeout=20)
    client.starttls(context=context)
    return client


def message():
    utf8 = told["kind"] == "smtputf8"
    made = EmailMessage(policy=SMTPUTF8 if utf8 else SMTP)
    made["From"] = told["from"]
    made["To"] = ", ".join(told["to"])
    made["Subject"] = "通知 " * 20
    made["Date"] = "Sun, 22 Nov 2026 10:21:49 +0900"
    made["Message-ID"] = "<smtplib-%s@client.example.net>" % told["kind"]
    made["Bcc"] = told["bcc"]
    made.set_content(".本文\n..\nGrüße 🎉\n", cte="8bit")
    made.add_attachment(bytes(range(256)) * 8, maintype="application", subtype="octet-stream", filename="絵.bin")
    return made


with opened() as client:
    client.login(told["login"], told["password"])
    if told["kind"] == "sendmail":
        refused = client.sendmail(told["from"], told["to"], base64.b64decode(told["content"]), told["options"])
    else:
        refused = client.send_message(message())
    print(json.dumps({"refused": list(refused), "content": base64.b64encode(client.content).decode()}))
