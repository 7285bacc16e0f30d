// Arguments: the gateway's URL, an API key, a model.
import java.util.ArrayList;
import java.util.List;
import net.servicestack.client.JsonServiceClient;
import net.servicestack.client.WebServiceException;

public class Example {
    public static void main(String[] args) throws Exception {
        String url = args[0], key = args[1], model = args[2];
        // [example]
        JsonServiceClient client = new JsonServiceClient(url);
        client.setBearerToken(key);
        ArrayList<dtos.OpenAiMessage> messages = new ArrayList<>(List.of(
            new dtos.OpenAiMessage().setRole("user").setContent("Hello!")));

        // Wait for the answer. What a base class sets, returns the base class.
        dtos.OpenAiChatCompletion chat = new dtos.OpenAiChatCompletion();
        chat.setModel(model).setMessages(messages);
        dtos.OpenAiChatResponse answer = client.send(chat);
        System.out.println("sync: " + answer.getChoices().get(0).getMessage().getContent());

        // Or queue it; a callback comes to replyTo, if you give one.
        dtos.QueueOpenAiChatCompletion queue = new dtos.QueueOpenAiChatCompletion()
            .setRequest(new dtos.OpenAiChat().setModel(model).setMessages(messages));
        queue.setRefId("order-" + System.nanoTime());
        dtos.QueueOpenAiChatResponse queued = client.send(queue);
        dtos.GetOpenAiChatStatusResponse status;
        do {
            Thread.sleep(200);
            status = client.send(new dtos.GetOpenAiChatStatus().setRefId(queued.getRefId()));
        } while (!List.of("Completed", "Failed").contains(status.getJobState()));
        System.out.println("queued: " + status.getJobState() + " "
            + status.getResult().getChoices().get(0).getMessage().getContent());

        // A picture; speech, transcripts and transforms go the same way. What is made comes as a link:
        dtos.ArtifactGenerationResponse made = client.send(
            new dtos.TextToImage().setPositivePrompt("A red kite").setWidth(256).setHeight(256));
        System.out.println("media: " + made.getResults().get(0).getUrl());

        // What is refused says why:
        try {
            chat.setModel("no-such-model");
            client.send(chat);
        } catch (WebServiceException e) {
            System.out.println("error: " + e.getErrorCode());
        }
        // [/example]
    }
}
