# What has happened:  ruby read-events.rb [cursor]
# HIKYAKU_URL is where the API is, HIKYAKU_KEY an API key with the scope events:read.
require 'json'
require 'net/http'

cursor = ARGV.first
loop do
  uri = URI("#{ENV.fetch('HIKYAKU_URL')}/v1/events")
  uri.query = URI.encode_www_form({ limit: 100, cursor: cursor }.compact)
  response = Net::HTTP.get_response(uri, 'Authorization' => "Bearer #{ENV.fetch('HIKYAKU_KEY')}")
  page = JSON.parse(response.body)
  abort "#{page['code']}: #{page['detail']}" unless response.is_a?(Net::HTTPSuccess)
  page['data'].each { |event| puts "#{event['time']} #{event['kind']} #{event['recipient']}" }
  cursor = page['next']
  break unless page['more']
end
# Keep it, and give it the next time: nothing is missed, and nothing told twice.
puts "next: #{cursor}"
