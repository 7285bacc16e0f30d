"""Arguments: the gateway's URL, an API key, a model."""

import sys
import time

from dtos import (
    GetOpenAiChatStatus,
    OpenAiChat,
    OpenAiChatCompletion,
    OpenAiMessage,
    QueueOpenAiChatCompletion,
    TextToImage,
)
from servicestack import JsonServiceClient, WebServiceException

url, key, model = sys.argv[1:]

# [example]
client = JsonServiceClient(url).set_bearer_token(key)
messages = [OpenAiMessage(role="user", content="Hello!")]

# Wait for the answer:
answer = client.send(OpenAiChatCompletion(model=model, messages=messages))
print("sync:", answer.choices[0].message.content)

# Or queue it; a callback comes to reply_to, if you give one.
request = OpenAiChat(model=model, messages=messages)
queued = client.send(QueueOpenAiChatCompletion(ref_id=f"order-{time.time_ns()}", request=request))
while (status := client.send(GetOpenAiChatStatus(ref_id=queued.ref_id))).job_state not in (
    "Completed",
    "Failed",
):
    time.sleep(0.2)
print("queued:", status.job_state, status.result.choices[0].message.content)

# A picture; speech, transcripts and transforms go the same way. What is made comes as a link:
made = client.send(TextToImage(positive_prompt="A red kite", width=256, height=256))
print("media:", made.results[0].url)

# What is refused says why:
try:
    client.send(OpenAiChatCompletion(model="no-such-model", messages=messages))
except WebServiceException as e:
    print("error:", e.response_status.error_code)
# [/example]
