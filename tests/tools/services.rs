//! The providers' services on this machine: every key that they get is recorded, and a wrong one is refused.

use std::process::Command;
use std::sync::{Arc, Mutex};

use crate::support::server::{Reply, Request, Server};

const JSON: &str = "Content-Type: application/json\r\n";
const EVENTS: &str = "Content-Type: text/event-stream\r\n";

/// What they answer, so that a tool shows it.
pub const SAID: &str = "good day";

pub struct Services {
    server: Server,
    /// Runs once, when a key is refused.
    on_refusal: Arc<Mutex<Option<Command>>>,
    right: Arc<Mutex<String>>,
}

impl Services {
    pub fn start(key: &str) -> Self {
        let right = Arc::new(Mutex::new(key.to_owned()));
        let on_refusal: Arc<Mutex<Option<Command>>> = Arc::default();
        let (expected, refused) = (Arc::clone(&right), Arc::clone(&on_refusal));
        let server = Server::start(move |request| {
            let Some(reply) = reply(request) else { return (404, JSON, b"{}".to_vec()) };
            if keys(request).iter().any(|key| *key == *expected.lock().expect("no thread panicked")) {
                return reply;
            }
            if let Some(mut command) = refused.lock().expect("no thread panicked").take() {
                assert!(command.status().expect("it starts").success());
            }
            let body = r#"{"type": "error", "error": {"type": "authentication_error", "message": "wrong key", "code": "invalid_api_key"}}"#;
            (401, JSON, body.into())
        });
        Self { server, on_refusal, right }
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Takes this key alone from now on; a tool that comes with another one finds that the command has run.
    pub fn accept(&self, key: &str, on_refusal: Command) {
        key.clone_into(&mut self.right.lock().expect("no thread panicked"));
        *self.on_refusal.lock().expect("no thread panicked") = Some(on_refusal);
    }

    /// What was asked of them so far.
    pub fn asked(&self) -> Vec<Request> {
        self.server.requests().into_iter().filter(|request| reply(request).is_some()).collect()
    }
}

/// Every key in a request, by all the ways in which services are sent theirs.
pub fn keys(request: &Request) -> Vec<String> {
    let query = request.path.split_once('?').map_or("", |(_, query)| query);
    let in_query = query.split('&').filter_map(|pair| pair.strip_prefix("key="));
    let named = ["authorization", "x-api-key", "x-goog-api-key"].into_iter().filter_map(|name| request.header(name));
    named.chain(in_query).map(|key| key.trim_start_matches("Bearer ").to_owned()).collect()
}

fn reply(request: &Request) -> Option<Reply> {
    let path = request.path.split('?').next().unwrap_or_default();
    let body = String::from_utf8_lossy(&request.body);
    let streams = body.contains("\"stream\":true") || body.contains("\"stream\": true");
    Some(if path.ends_with("/chat/completions") {
        if streams { chat_events() } else { (200, JSON, CHAT.into()) }
    } else if path.ends_with("/responses") {
        named_events(&RESPONSES)
    } else if path.ends_with("/v1/messages") {
        if streams { named_events(&MESSAGES) } else { (200, JSON, MESSAGE.into()) }
    } else if path.ends_with(":streamGenerateContent") {
        (200, EVENTS, format!("data: {CONTENT}\n\n").into())
    } else if path.ends_with(":generateContent") {
        (200, JSON, CONTENT.into())
    } else if path.ends_with("/whoami-v2") {
        (200, JSON, ACCOUNT.into())
    } else {
        return None;
    })
}

/// A stream of events, each one JSON with its `type`.
fn named_events(all: &[&str]) -> Reply {
    let line = |event: &&str| {
        let kind = event.split('"').nth(3).unwrap_or_default();
        format!("event: {kind}\ndata: {event}\n\n")
    };
    (200, EVENTS, all.iter().map(line).collect::<String>().into())
}

fn chat_events() -> Reply {
    let chunk = |delta: &str, end: &str| {
        format!(
            "data: {{\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":\
             [{{\"index\":0,\"delta\":{delta},\"finish_reason\":{end}}}]}}\n\n"
        )
    };
    let said = format!("{{\"role\":\"assistant\",\"content\":\"{SAID}\"}}");
    (200, EVENTS, format!("{}{}data: [DONE]\n\n", chunk(&said, "null"), chunk("{}", "\"stop\"")).into())
}

const CHAT: &str = r#"{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"good day"}}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#;
const RESPONSES: [&str; 3] = [
    r#"{"type":"response.created","response":{"id":"r"}}"#,
    r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"message","id":"m","role":"assistant","content":[{"type":"output_text","text":"good day","annotations":[]}]}}"#,
    r#"{"type":"response.completed","response":{"id":"r","usage":{"input_tokens":1,"input_tokens_details":null,"output_tokens":1,"output_tokens_details":null,"total_tokens":2}}}"#,
];
const MESSAGE: &str = r#"{"id":"1","type":"message","role":"assistant","model":"m","stop_reason":"end_turn","content":[{"type":"text","text":"good day"}],"usage":{"input_tokens":1,"output_tokens":1}}"#;
const MESSAGES: [&str; 6] = [
    r#"{"type":"message_start","message":{"id":"1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"good day"}}"#,
    r#"{"type":"content_block_stop","index":0}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":1}}"#,
    r#"{"type":"message_stop"}"#,
];
const CONTENT: &str = r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"good day"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1,"totalTokenCount":2}}"#;
const ACCOUNT: &str = r#"{"type":"user","id":"1","name":"good day","fullname":"Ann","email":"a@b.example","orgs":[],"auth":{"type":"access_token","accessToken":{"displayName":"mine","role":"read"}}}"#;
