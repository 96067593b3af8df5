# Sends a message with a file:  ruby send-with-attachment.rb shop@example.org user@example.com invoice.pdf
# HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope messages:send.
require 'json'
require 'net/http'

from, to, file = ARGV
headers = { 'Authorization' => "Bearer #{ENV.fetch('HIKYAKU_KEY')}", 'Content-Type' => 'application/json' }
message = {
  from: from,
  to: to,
  subject: 'Your invoice',
  text: 'It is attached.',
  attachments: [{ name: File.basename(file), content: [File.binread(file)].pack('m0') }]
}
response = Net::HTTP.post(URI("#{ENV.fetch('HIKYAKU_URL')}/v1/messages"), message.to_json, headers)
answer = JSON.parse(response.body)
abort "#{answer['code']}: #{answer['detail']} #{answer['errors']}" unless response.is_a?(Net::HTTPSuccess)
puts answer['id']
