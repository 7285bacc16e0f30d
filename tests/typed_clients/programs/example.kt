// Arguments: the gateway's URL, an API key, a model.
import net.servicestack.client.JsonServiceClient
import net.servicestack.client.WebServiceException

fun main(args: Array<String>) {
    val (url, key, model) = args
    // [example]
    val client = JsonServiceClient(url)
    client.setBearerToken(key)
    val hello = arrayListOf(OpenAiMessage().apply { role = "user"; content = "Hello!" })

    // Wait for the answer:
    val chat = OpenAiChatCompletion().apply { this.model = model; messages = hello }
    val answer: OpenAiChatResponse = client.send(chat)
    println("sync: ${answer.choices!![0].message!!.content}")

    // Or queue it; a callback comes to replyTo, if you give one.
    val queued: QueueOpenAiChatResponse = client.send(QueueOpenAiChatCompletion().apply {
        refId = "order-${System.nanoTime()}"
        request = OpenAiChat().apply { this.model = model; messages = hello }
    })
    var status: GetOpenAiChatStatusResponse
    do {
        Thread.sleep(200)
        status = client.send(GetOpenAiChatStatus().apply { refId = queued.refId })
    } while (status.jobState !in listOf("Completed", "Failed"))
    println("queued: ${status.jobState} ${status.result!!.choices!![0].message!!.content}")

    // A picture; speech, transcripts and transforms go the same way. What is made comes as a link:
    val made: ArtifactGenerationResponse =
        client.send(TextToImage().apply { positivePrompt = "A red kite"; width = 256; height = 256 })
    println("media: ${made.results!![0].url}")

    // What is refused says why:
    try {
        client.send(chat.apply { this.model = "no-such-model" })
    } catch (e: WebServiceException) {
        println("error: ${e.errorCode}")
    }
    // [/example]
}
