// Arguments: the gateway's URL, an API key, a model.
using System;
using System.Collections.Generic;
using System.Threading;
using ReplyTo;
using ServiceStack;

public static class Example
{
    public static void Main(string[] args)
    {
        string url = args[0], key = args[1], model = args[2];
        // [example]
        var client = new JsonApiClient(url) { BearerToken = key };
        var messages = new List<OpenAiMessage> { new OpenAiMessage { Role = "user", Content = "Hello!" } };

        // Wait for the answer:
        var answer = client.Send(new OpenAiChatCompletion { Model = model, Messages = messages });
        Console.WriteLine("sync: " + answer.Choices[0].Message.Content);

        // Or queue it; a callback comes to ReplyTo, if you give one.
        var queued = client.Send(new QueueOpenAiChatCompletion {
            RefId = "order-" + Guid.NewGuid().ToString("N"),
            Request = new OpenAiChat { Model = model, Messages = messages },
        });
        GetOpenAiChatStatusResponse status;
        do {
            Thread.Sleep(200);
            status = client.Send(new GetOpenAiChatStatus { RefId = queued.RefId });
        } while (status.JobState != "Completed" && status.JobState != "Failed");
        Console.WriteLine("queued: " + status.JobState + " " + status.Result.Choices[0].Message.Content);

        // A picture; speech, transcripts and transforms go the same way. What is made comes as a link:
        var made = client.Send(new TextToImage { PositivePrompt = "A red kite", Width = 256, Height = 256 });
        Console.WriteLine("media: " + made.Results[0].Url);

        // What is refused says why:
        try {
            client.Send(new OpenAiChatCompletion { Model = "no-such-model", Messages = messages });
        } catch (WebServiceException e) {
            Console.WriteLine("error: " + e.ErrorCode);
        }
        // [/example]
    }
}
