# Sends one letter to many:  ruby send-batch.rb shop@example.org a@example.com b@example.com …
# HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope messages:send.
require 'json'
require 'net/http'
require 'securerandom'

from, *recipients = ARGV
headers = {
  'Authorization' => "Bearer #{ENV.fetch('HIKYAKU_KEY')}",
  'Content-Type' => 'application/json',
  'Idempotency-Key' => SecureRandom.uuid
}
batch = {
  from: from,
  subject: 'Your points, {{ name }}',
  text: "Dear {{ name }},\nyou have {{ points }} points.",
  recipients: recipients.map { |to| { to: to, variables: { name: to.split('@').first, points: 120 } } }
}
response = Net::HTTP.post(URI("#{ENV.fetch('HIKYAKU_URL')}/v1/messages/batch"), batch.to_json, headers)
answer = JSON.parse(response.body)
abort "#{answer['code']}: #{answer['detail']} #{answer['errors']}" unless response.is_a?(Net::HTTPSuccess)
answer['recipients'].each { |each| puts "#{each['email']} #{each['status']}" }
