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


def opened():
    if told["tls"] == "implicit":
        return smtplib.SMTP_SSL("127.0.0.1", told["port"], context=context, timeout=20)
    client = smtplib.SMTP("127.0.0.1", told["port"], timeout=20)
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


def wire(made):
    copy = EmailMessage(policy=made.policy.clone(utf8=told["kind"] == "smtputf8"))
    copy._headers = [header for header in made._headers if header[0] != "Bcc"]
    copy._payload = made._payload
    return copy.as_bytes(policy=copy.policy)


with opened() as client:
    client.login(told["login"], told["password"])
    if told["kind"] == "sendmail":
        refused = client.sendmail(told["from"], told["to"], base64.b64decode(told["content"]), told["options"])
        print(json.dumps({"refused": list(refused), "features": sorted(client.esmtp_features)}))
    else:
        made = message()
        refused = client.send_message(made)
        print(json.dumps({"refused": list(refused), "content": base64.b64encode(wire(made)).decode()}))
