/** For tests: a DMARC aggregate report as receivers write them; `records` instead of its own. */

const RECORDS = `
  <record>
    <row>
      <source_ip>192.0.2.1</source_ip>
      <count>12</count>
      <policy_evaluated>
        <disposition>none</disposition>
        <dkim>pass</dkim>
        <spf>fail</spf>
        <reason><type>forwarded</type><comment>by a list</comment></reason>
      </policy_evaluated>
    </row>
    <identifiers>
      <envelope_from>bounce.example.net</envelope_from>
      <header_from>Example.org</header_from>
    </identifiers>
    <auth_results>
      <dkim><domain>example.org</domain><selector>s1</selector><result>pass</result></dkim>
      <dkim><domain>list.example</domain><result>fail</result></dkim>
      <spf><domain>bounce.example.net</domain><result>pass</result></spf>
    </auth_results>
  </record>
  <record>
    <row>
      <source_ip>2001:DB8::25</source_ip>
      <count>3</count>
      <policy_evaluated><disposition>quarantine</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated>
    </row>
    <identifiers><header_from>example.org</header_from></identifiers>
  </record>`

export function dmarcXml(records: string = RECORDS): string {
  return `<?xml version="1.0" encoding="UTF-8" ?>
<feedback xmlns="urn:ietf:params:xml:ns:dmarc-1.0">
  <version>1.0</version>
  <report_metadata>
    <org_name>Example Mail &amp; Co.</org_name>
    <email>dmarc@receiver.example</email>
    <report_id>13962798465302158312</report_id>
    <date_range><begin>1795219200</begin><end>1795305599</end></date_range>
  </report_metadata>
  <policy_published>
    <domain>example.org</domain>
    <adkim>r</adkim>
    <aspf>s</aspf>
    <p>none</p>
    <sp>reject</sp>
    <pct>100</pct>
  </policy_published>${records}
</feedback>
`
}
