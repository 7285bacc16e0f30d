module Example

open System
open System.Threading
open ReplyTo
open ServiceStack

let main (url: string) (key: string) (model: string) =
    // [example]
    let client = JsonApiClient(url, BearerToken = key)
    let messages = ResizeArray [ OpenAiMessage(Role = "user", Content = box "Hello!") ]

    // Wait for the answer:
    let answer = client.Send(OpenAiChatCompletion(Model = model, Messages = messages))
    printfn "sync: %O" answer.Choices.[0].Message.Content

    // Or queue it; a callback comes to ReplyTo, if you give one.
    let request = OpenAiChat(Model = model, Messages = messages)
    let refId = "order-" + Guid.NewGuid().ToString("N")
    let queued = client.Send(QueueOpenAiChatCompletion(RefId = refId, Request = request))
    let ask () = client.Send(GetOpenAiChatStatus(RefId = queued.RefId))
    let mutable status = ask ()
    while status.JobState <> "Completed" && status.JobState <> "Failed" do
        Thread.Sleep 200
        status <- ask ()
    printfn "queued: %s %O" status.JobState status.Result.Choices.[0].Message.Content

    // A picture; speech, transcripts and transforms go the same way. What is made comes as a link:
    let picture = TextToImage(PositivePrompt = "A red kite", Width = Nullable 256, Height = Nullable 256)
    let made = client.Send(picture)
    printfn "media: %s" made.Results.[0].Url

    // What is refused says why:
    try
        client.Send(OpenAiChatCompletion(Model = "no-such-model", Messages = messages)) |> ignore
    with :? WebServiceException as e ->
        printfn "error: %s" e.ErrorCode
    // [/example]
