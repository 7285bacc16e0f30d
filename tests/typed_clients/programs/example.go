// Arguments: the gateway's URL, an API key, a model.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"app/dtos"

	ss "github.com/ServiceStack/servicestack-go"
)

func main() {
	url, key, model := os.Args[1], os.Args[2], os.Args[3]
	// [example]
	client := ss.NewClient(url)
	client.SetBearerToken(key)
	messages := []dtos.OpenAiMessage{{Role: "user", Content: "Hello!"}}

	// Wait for the answer:
	answer, err := ss.Send(client, dtos.OpenAiChatCompletion{Model: model, Messages: messages})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sync:", *answer.Choices[0].Message.Content)

	// Or queue it; a callback comes to ReplyTo, if you give one.
	refId := fmt.Sprintf("order-%d", time.Now().UnixNano())
	request := dtos.OpenAiChat{Model: model, Messages: messages}
	queued, err := ss.Send(client, dtos.QueueOpenAiChatCompletion{RefId: &refId, Request: request})
	if err != nil {
		log.Fatal(err)
	}
	var status dtos.GetOpenAiChatStatusResponse
	for status.JobState != "Completed" && status.JobState != "Failed" {
		time.Sleep(200 * time.Millisecond)
		if status, err = ss.Send(client, dtos.GetOpenAiChatStatus{RefId: &queued.RefId}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("queued:", status.JobState, *status.Result.Choices[0].Message.Content)

	// A picture; speech, transcripts and transforms go the same way. What is made comes as a link:
	side := 256
	made, err := ss.Send(client, dtos.TextToImage{PositivePrompt: "A red kite", Width: &side, Height: &side})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("media:", made.Results[0].Url)

	// What is refused says why:
	_, err = ss.Send(client, dtos.OpenAiChatCompletion{Model: "no-such-model", Messages: messages})
	var refused *ss.WebServiceException
	if errors.As(err, &refused) {
		fmt.Println("error:", refused.ResponseStatus.ErrorCode)
	}
	// [/example]
}
