# Takes webhooks that are ours:  PORT=8000 ruby verify-webhook.rb
# HIKYAKU_WEBHOOK_SECRET is what the webhook was answered with when it was made: whsec_…
# The few lines of HTTP are for the example alone: in Rack, body is env['rack.input'].read.
require 'json'
require 'openssl'
require 'socket'

KEY = ENV.fetch('HIKYAKU_WEBHOOK_SECRET').delete_prefix('whsec_').unpack1('m')

def ours?(headers, body)
  time = headers['webhook-timestamp'].to_s
  return false unless time.match?(/\A\d+\z/) && (Time.now.to_i - time.to_i).abs < 300

  signed = "#{headers['webhook-id']}.#{time}.".b + body
  expected = "v1,#{[OpenSSL::HMAC.digest('SHA256', KEY, signed)].pack('m0')}"
  headers['webhook-signature'].to_s.split.any? { |one| OpenSSL.secure_compare(one, expected) }
end

$stdout.sync = true
server = TCPServer.new('127.0.0.1', Integer(ENV.fetch('PORT', '8000')))
puts "listening on #{server.addr[1]}"
loop do
  client = server.accept
  client.gets
  lines = []
  while (line = client.gets) && line.strip != '' do lines << line end
  headers = lines.to_h { |each| each.split(':', 2).map(&:strip) }.transform_keys(&:downcase)
  # The body as it came, before anything reads it.
  body = client.read(headers['content-length'].to_i)
  is_ours = ours?(headers, body)
  JSON.parse(body)['data'].fetch('events', []).each { |each| puts "#{each['kind']} #{each['recipient']}" } if is_ours
  client.write("HTTP/1.1 #{is_ours ? '204 No Content' : '401 Unauthorized'}\r\nConnection: close\r\n\r\n")
rescue SystemCallError, IOError => e
  warn e.message
ensure
  client&.close
end
