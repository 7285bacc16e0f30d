// Arguments: the gateway's URL, an API key, a model.
mod dtos;
use dtos::*;
use servicestack::blocking::JsonServiceClient;
use std::{thread::sleep, time::Duration};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let (url, key, model) = (&args[1], &args[2], args[3].clone());
    // [example]
    let mut client = JsonServiceClient::new(url);
    client.set_bearer_token(key);
    let hello = OpenAiMessage { role: "user".into(), content: Some("Hello!".into()), ..Default::default() };
    let messages = vec![hello];

    // Wait for the answer:
    let chat = OpenAiChatCompletion { model: model.clone(), messages: messages.clone(), ..Default::default() };
    let answer = client.send(&chat)?;
    println!("sync: {}", answer.choices[0].message.content.clone().unwrap_or_default());

    // Or queue it; a callback comes to reply_to, if you give one.
    let queued = client.send(&QueueOpenAiChatCompletion {
        ref_id: Some(format!("order-{:?}", std::time::SystemTime::now())),
        request: OpenAiChat { model, messages, ..Default::default() },
        ..Default::default()
    })?;
    let ask = GetOpenAiChatStatus { ref_id: Some(queued.ref_id), ..Default::default() };
    let mut status = client.send(&ask)?;
    while status.job_state != "Completed" && status.job_state != "Failed" {
        sleep(Duration::from_millis(200));
        status = client.send(&ask)?;
    }
    let said = status.result.and_then(|one| one.choices[0].message.content.clone());
    println!("queued: {} {}", status.job_state, said.unwrap_or_default());

    // A picture; speech, transcripts and transforms go the same way. What is made comes as a link:
    let picture = TextToImage { positive_prompt: "A red kite".into(), width: Some(256), height: Some(256), ..Default::default() };
    let made = client.send(&picture)?;
    println!("media: {}", made.results[0].url);

    // What is refused says why:
    let refused = client.api(&OpenAiChatCompletion { model: "no-such-model".into(), ..chat });
    println!("error: {}", refused.error_code().unwrap_or_default());
    // [/example]
    Ok(())
}
