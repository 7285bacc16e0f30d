// No compiler has seen this: only the grammar is checked.
import 'package:servicestack/client.dart';
import 'dtos.dart';

Future<void> main(List<String> args) async {
    var (url, key, model) = (args[0], args[1], args[2]);
    // [example]
    var client = JsonServiceClient(url)..bearerToken = key;
    var messages = [OpenAiMessage(role: "user", content: "Hello!")];

    // Wait for the answer:
    var answer = await client.post(OpenAiChatCompletion(model: model, messages: messages));
    print("sync: ${answer.choices![0].message!.content}");

    // Or queue it; a callback comes to replyTo, if you give one.
    var refId = "order-${DateTime.now().microsecondsSinceEpoch}";
    var request = OpenAiChat(model: model, messages: messages);
    var queued = await client.post(QueueOpenAiChatCompletion(refId: refId, request: request));
    var status = await client.get(GetOpenAiChatStatus(refId: queued.refId));
    while (status.jobState != "Completed" && status.jobState != "Failed") {
        await Future.delayed(Duration(milliseconds: 200));
        status = await client.get(GetOpenAiChatStatus(refId: queued.refId));
    }
    print("queued: ${status.jobState} ${status.result!.choices![0].message!.content}");

    // A picture; speech, transcripts and transforms go the same way. What is made comes as a link:
    var made = await client.post(TextToImage(positivePrompt: "A red kite", width: 256, height: 256));
    print("media: ${made.results![0].url}");

    // What is refused says why:
    try {
        await client.post(OpenAiChatCompletion(model: "no-such-model", messages: messages));
    } on WebServiceException catch (e) {
        print("error: ${e.responseStatus?.errorCode}");
    }
    // [/example]
}
