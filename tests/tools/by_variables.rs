//! Tools that are given their key by `exec`, in a variable.

use crate::journey::Journey;
use crate::support::SECRET;

#[test]
fn llm_is_given_the_key_that_it_wrote_itself() {
    let journey = Journey::new("llm", &["--no-stream", "-m", "gpt-4o-mini", "hello"]).url_in("OPENAI_BASE_URL", "/v1");
    journey.run(&["llm", "keys", "set", "openai"], &format!("{SECRET}\n"));
    journey.travels();
}
