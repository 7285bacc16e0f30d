// No compiler has seen this: only the grammar is checked.
import Foundation
import ServiceStack

func example(url: String, key: String, model: String) async throws {
    // [example]
    let client = JsonServiceClient(baseUrl: url)
    client.bearerToken = key
    let hello = OpenAiMessage()
    hello.role = "user"
    hello.content = "Hello!"

    // Wait for the answer:
    let chat = OpenAiChatCompletion()
    chat.model = model
    chat.messages = [hello]
    let answer = try await client.sendAsync(chat)
    print("sync:", answer.choices[0].message?.content ?? "")

    // Or queue it; a callback comes to replyTo, if you give one.
    let queue = QueueOpenAiChatCompletion()
    queue.refId = "order-\(UUID().uuidString)"
    queue.request = OpenAiChat()
    queue.request?.model = model
    queue.request?.messages = [hello]
    let queued = try await client.sendAsync(queue)
    let ask = GetOpenAiChatStatus()
    ask.refId = queued.refId
    var status = try await client.sendAsync(ask)
    while status.jobState != "Completed" && status.jobState != "Failed" {
        try await Task.sleep(nanoseconds: 200_000_000)
        status = try await client.sendAsync(ask)
    }
    print("queued:", status.jobState ?? "", status.result?.choices[0].message?.content ?? "")

    // A picture; speech, transcripts and transforms go the same way. What is made comes as a link:
    let picture = TextToImage()
    picture.positivePrompt = "A red kite"
    picture.width = 256
    picture.height = 256
    let made = try await client.sendAsync(picture)
    print("media:", made.results[0].url ?? "")

    // What is refused says why:
    do {
        chat.model = "no-such-model"
        _ = try await client.sendAsync(chat)
    } catch let error as NSError {
        let status: ResponseStatus? = error.convertUserInfo()
        print("error:", status?.errorCode ?? "")
    }
    // [/example]
}
