/**
 * Who fetches what stands in mail, by what they say of themselves. Data: each rule with its source and with what it was
 * seen to say, which a test runs. Whoever says nothing of this is taken for a person.
 */

export type AgentRule = {
  readonly name: string
  readonly class: 'proxy' | 'machine'
  readonly pattern: RegExp
  /** Where it is known from; `guess`: from nowhere but what people write of it. */
  readonly source: string
  readonly samples: readonly string[]
}

/** The first that matches holds. */
export const AGENT_RULES: readonly AgentRule[] = [
  {
    name: 'gmail-image-proxy',
    class: 'proxy',
    pattern: /GoogleImageProxy/,
    source:
      'https://www.suped.com/knowledge/email-deliverability/technical/what-methods-do-esps-and-smtp-providers-use-to-identify-apple-mpp-and-googleproxyimages',
    samples: ['Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)'],
  },
  {
    name: 'yahoo-mail-proxy',
    class: 'proxy',
    pattern: /YahooMailProxy/,
    source: 'https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html, which it names itself',
    samples: ['YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html'],
  },
  {
    name: 'apple-mail-privacy',
    class: 'proxy',
    // All of it: no browser says so little.
    pattern: /^Mozilla\/5\.0$/,
    source: 'https://help.socketlabs.com/docs/identifying-apple-mpp-opens-in-notification-api-events',
    samples: ['Mozilla/5.0'],
  },
  {
    name: 'link-preview',
    class: 'machine',
    pattern:
      /facebookexternalhit|Twitterbot|Slackbot|LinkedInBot|TelegramBot|Discordbot|WhatsApp\/|SkypeUriPreview|line-poker|BingPreview|redditbot|Google-PageRenderer|Iframely|Embedly/i,
    source: 'guess: what they say when they draw a preview of a link that somebody passed on',
    samples: [
      'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
      'facebookexternalhit/1.1;line-poker/1.0',
      'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
      'WhatsApp/2.23.20.0 A',
      'Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5',
    ],
  },
  {
    name: 'security-scanner',
    class: 'machine',
    pattern:
      /barracuda|proofpoint|mimecast|forcepoint|ironport|CiscoSecureEmail|\bTMES\b|trend ?micro|fortinet|fortimail|sophos|symantec|safelinks/i,
    source:
      'guess: https://check.live-direct-marketing.online/blog/bot-clicks-security-scanners-detect; most scanners say that they are browsers',
    samples: ['Mozilla/5.0 (compatible; BarracudaCentral)', 'CiscoSecureEmail/1.0', 'Sophos URL Scanner'],
  },
  {
    name: 'crawler',
    class: 'machine',
    pattern: /bot\b|bot[/;) ]|crawl|spider|slurp|HeadlessChrome|PhantomJS|Lighthouse/i,
    source: 'guess: how crawlers have named themselves since the first',
    samples: [
      'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
      'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36',
    ],
  },
  {
    name: 'program',
    class: 'machine',
    pattern:
      /^(?:curl|wget|python|aiohttp|httpx|go-http-client|java|apache-httpclient|okhttp|libwww-perl|lwp|ruby|php|node|axios|got|undici|guzzlehttp|winhttp|postman)\b/i,
    source: 'guess: what libraries for programs say unless they are told otherwise',
    samples: [
      'curl/8.5.0',
      'python-requests/2.32.3',
      'Go-http-client/2.0',
      'Java/17.0.9',
      'Apache-HttpClient/4.5.14 (Java/11.0.20)',
      'node',
    ],
  },
  {
    name: 'nameless',
    class: 'machine',
    pattern: /^$/,
    source:
      'guess: browsers and mail programs say what they are; https://check.live-direct-marketing.online/blog/bot-clicks-security-scanners-detect',
    samples: [''],
  },
]

/** What people read mail with and follow links in: no rule may match one of these. */
export const PEOPLE: readonly string[] = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)',
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.4.0',
  'Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/8.0; .NET4.0C; .NET4.0E; ms-office; MSOffice 16)',
  'Mozilla/5.0 (Linux; Android 14; SO-51D) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Safari Line/15.10.0',
]
