//! A server of one page of code on a loopback address, which answers as the test says and remembers what it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub struct Server {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

#[derive(Clone, Debug)]
pub struct Asked {
    pub at: Instant,
    pub path: String,
    pub headers: String,
    pub form: BTreeMap<String, String>,
}

impl Asked {
    pub fn field(&self, name: &str) -> &str {
        self.form.get(name).map_or("", String::as_str)
    }
}

/// Status, further header lines, body.
pub type Answer = (u16, String, String);

pub fn json(body: &str) -> Answer {
    (200, "Content-Type: application/json; charset=utf-8\r\n".into(), body.replace('\'', "\""))
}

impl Server {
    /// Answers each request with what `answer` makes of it.
    pub fn new(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::raw(move |asked, stream| {
            let (status, headers, body) = answer(asked);
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status} Status\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
        })
    }

    /// Answers the requests in turn, the last answer for ever.
    pub fn in_turn(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = Mutex::new(answers.into_iter().collect::<std::collections::VecDeque<_>>());
        Self::new(move |_| {
            let mut answers = answers.lock().unwrap();
            if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() }
        })
    }

    /// Writes to the connection itself.
    pub fn raw(answer: impl Fn(&Asked, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&asked), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let mut stream = stream;
                    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                    let asked = read(&mut BufReader::new(stream.try_clone().unwrap()));
                    seen.lock().unwrap().push(asked.clone());
                    answer(&asked, &mut stream);
                });
            }
        });
        Self { url, asked }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn host(&self) -> &str {
        self.url.trim_start_matches("http://")
    }
}

/// Anything that connects counts as asked, even if it does not speak HTTP.
pub fn read(stream: &mut impl BufRead) -> Asked {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read_until(b'\n', &mut head), Ok(1..)) {}
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let length =
        head.to_lowercase().split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    let _ = stream.read_exact(&mut body);
    let decode = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes().iter();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let digits =
                        [rest.next(), rest.next()].map(|digit| char::from(*digit.unwrap()).to_digit(16).unwrap());
                    (digits[0] * 16 + digits[1]) as u8
                }
                byte => *byte,
            });
        }
        String::from_utf8(bytes).unwrap()
    };
    let body = String::from_utf8_lossy(&body).into_owned();
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    let form = pairs.map(|(key, value)| (decode(key), decode(value))).collect();
    Asked { at: Instant::now(), path, headers: head, form }
}
