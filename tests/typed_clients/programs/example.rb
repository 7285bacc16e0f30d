# Arguments: the gateway's URL, an API key, a model.
require 'net/http'
require 'securerandom'
require_relative 'dtos'

url, key, model = ARGV

# [example]
# Ruby's HTTP client is all that the classes need.
send_dto = lambda do |dto|
  uri = URI("#{url}/api/#{dto.class.type_name}")
  headers = { 'Authorization' => "Bearer #{key}", 'Content-Type' => 'application/json' }
  response = Net::HTTP.post(uri, dto.to_json, headers)
  body = JSON.parse(response.body)
  raise body['responseStatus']['errorCode'] unless response.is_a?(Net::HTTPSuccess)

  dto.class.response_type.from_hash(body)
end
messages = [OpenAiMessage.new(role: 'user', content: 'Hello!')]

# Wait for the answer:
answer = send_dto.call(OpenAiChatCompletion.new(model: model, messages: messages))
puts "sync: #{answer.choices[0].message.content}"

# Or queue it; a callback comes to reply_to, if you give one.
request = OpenAiChat.new(model: model, messages: messages)
queued = send_dto.call(QueueOpenAiChatCompletion.new(ref_id: "order-#{SecureRandom.hex}", request: request))
until %w[Completed Failed].include?((status = send_dto.call(GetOpenAiChatStatus.new(ref_id: queued.ref_id))).job_state)
  sleep 0.2
end
puts "queued: #{status.job_state} #{status.result.choices[0].message.content}"

# A picture; speech, transcripts and transforms go the same way. What is made comes as a link:
made = send_dto.call(TextToImage.new(positive_prompt: 'A red kite', width: 256, height: 256))
puts "media: #{made.results[0].url}"

# What is refused says why:
begin
  send_dto.call(OpenAiChatCompletion.new(model: 'no-such-model', messages: messages))
rescue RuntimeError => e
  puts "error: #{e.message}"
end
# [/example]
