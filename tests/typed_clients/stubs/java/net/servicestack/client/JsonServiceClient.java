// What `net.servicestack:client` gives, as far as the examples need it, on java.net.http and Gson.
package net.servicestack.client;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonDeserializer;
import java.lang.reflect.Type;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.Date;

public class JsonServiceClient {
    private final Gson gson = new GsonBuilder().registerTypeAdapter(Date.class,
        (JsonDeserializer<Date>) (json, type, context) -> Date.from(Instant.parse(json.getAsString()))).create();
    private final HttpClient http = HttpClient.newHttpClient();
    private final String url;
    private String token;

    public JsonServiceClient(String url) { this.url = url; }

    public void setBearerToken(String token) { this.token = token; }

    static class Refusal { ResponseStatus responseStatus; }

    @SuppressWarnings("unchecked")
    public <T> T send(IReturn<T> request) {
        HttpRequest sent = HttpRequest.newBuilder(URI.create(url + "/api/" + request.getClass().getSimpleName()))
            .header("Authorization", "Bearer " + token).header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(gson.toJson(request))).build();
        try {
            HttpResponse<String> answer = http.send(sent, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() >= 300)
                throw new WebServiceException(gson.fromJson(answer.body(), Refusal.class).responseStatus);
            return (T) gson.fromJson(answer.body(), (Type) request.getResponseType());
        } catch (java.io.IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
