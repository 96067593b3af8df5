# Sends one message:  ruby send.rb shop@example.org user@example.com
# HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope messages:send.
require 'json'
require 'net/http'
require 'securerandom'

from, to = ARGV
headers = {
  'Authorization' => "Bearer #{ENV.fetch('HIKYAKU_KEY')}",
  'Content-Type' => 'application/json',
  # The number of an order is better: who asks again under it, after an answer that never came, sends nothing twice.
  'Idempotency-Key' => SecureRandom.uuid
}
message = {
  from: { email: from, name: 'Example shop' },
  to: to,
  subject: 'Your order',
  text: 'Thank you for your order.',
  html: '<p>Thank you for <b>your order</b>.</p>',
  tags: ['order']
}
response = Net::HTTP.post(URI("#{ENV.fetch('HIKYAKU_URL')}/v1/messages"), message.to_json, headers)
answer = JSON.parse(response.body)
abort "#{answer['code']}: #{answer['detail']} #{answer['errors']}" unless response.is_a?(Net::HTTPSuccess)
puts answer['id']
answer['recipients'].each { |each| puts "#{each['email']} #{each['status']}" }
