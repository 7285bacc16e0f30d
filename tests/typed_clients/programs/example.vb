' No compiler has seen this: only its lines are checked.
Imports System.Threading
Imports ReplyTo
Imports ServiceStack

Module Example
    Sub Main(args As String())
        Dim url = args(0), key = args(1), model = args(2)
        ' [example]
        Dim client = New JsonApiClient(url) With {.BearerToken = key}
        Dim messages = New List(Of OpenAiMessage) From {New OpenAiMessage With {.Role = "user", .Content = "Hello!"}}

        ' Wait for the answer:
        Dim answer = client.Send(New OpenAiChatCompletion With {.Model = model, .Messages = messages})
        Console.WriteLine("sync: " & answer.Choices(0).Message.Content.ToString())

        ' Or queue it; a callback comes to ReplyTo, if you give one.
        Dim queued = client.Send(New QueueOpenAiChatCompletion With {
            .RefId = "order-" & Guid.NewGuid().ToString("N"),
            .Request = New OpenAiChat With {.Model = model, .Messages = messages}
        })
        Dim status = client.Send(New GetOpenAiChatStatus With {.RefId = queued.RefId})
        While status.JobState <> "Completed" AndAlso status.JobState <> "Failed"
            Thread.Sleep(200)
            status = client.Send(New GetOpenAiChatStatus With {.RefId = queued.RefId})
        End While
        Console.WriteLine("queued: " & status.JobState & " " & status.Result.Choices(0).Message.Content.ToString())

        ' A picture; speech, transcripts and transforms go the same way. What is made comes as a link:
        Dim made = client.Send(New TextToImage With {.PositivePrompt = "A red kite", .Width = 256, .Height = 256})
        Console.WriteLine("media: " & made.Results(0).Url)

        ' What is refused says why:
        Try
            client.Send(New OpenAiChatCompletion With {.Model = "no-such-model", .Messages = messages})
        Catch e As WebServiceException
            Console.WriteLine("error: " & e.ErrorCode)
        End Try
        ' [/example]
    End Sub
End Module
