<?php
// Arguments: the gateway's URL, an API key, a model.
require __DIR__ . '/servicestack.php';
require __DIR__ . '/dtos.php';

use ServiceStack\{JsonServiceClient, WebServiceException};
use dtos\{GetOpenAiChatStatus, OpenAiChat, OpenAiChatCompletion, OpenAiMessage, QueueOpenAiChatCompletion, TextToImage};

[, $url, $key, $model] = $argv;

// [example]
$client = new JsonServiceClient($url);
$client->bearerToken = $key;
$messages = [new OpenAiMessage(role: "user", content: "Hello!")];

// Wait for the answer:
$answer = $client->send(new OpenAiChatCompletion(model: $model, messages: $messages));
echo "sync: {$answer->choices[0]->message->content}\n";

// Or queue it; a callback comes to replyTo, if you give one.
$request = new OpenAiChat(model: $model, messages: $messages);
$queued = $client->send(new QueueOpenAiChatCompletion(refId: "order-" . hrtime(true), request: $request));
do {
    usleep(200_000);
    $status = $client->send(new GetOpenAiChatStatus(refId: $queued->refId));
} while (!in_array($status->jobState, ["Completed", "Failed"]));
echo "queued: {$status->jobState} {$status->result->choices[0]->message->content}\n";

// A picture; speech, transcripts and transforms go the same way. What is made comes as a link:
$made = $client->send(new TextToImage(positivePrompt: "A red kite", width: 256, height: 256));
echo "media: {$made->results[0]->url}\n";

// What is refused says why:
try {
    $client->send(new OpenAiChatCompletion(model: "no-such-model", messages: $messages));
} catch (WebServiceException $e) {
    echo "error: {$e->responseStatus->errorCode}\n";
}
// [/example]
