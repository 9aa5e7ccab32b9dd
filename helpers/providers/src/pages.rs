//! The web pages on which people create and revoke keys.

/// By the provider's name: the page on which its keys are created and revoked.
const PAGES: &[(&str, &str)] = &[
    ("anthropic", "https://console.anthropic.com/settings/keys"),
    ("cohere", "https://dashboard.cohere.com/api-keys"),
    ("deepseek", "https://platform.deepseek.com/api_keys"),
    ("github_copilot", "https://github.com/settings/applications"),
    ("github_models", "https://github.com/settings/tokens"),
    ("google", "https://aistudio.google.com/apikey"),
    ("groq", "https://console.groq.com/keys"),
    ("huggingface", "https://huggingface.co/settings/tokens"),
    ("mistral", "https://console.mistral.ai/api-keys"),
    ("nvidia", "https://build.nvidia.com/settings/api-keys"),
    ("openai", "https://platform.openai.com/api-keys"),
    ("openrouter", "https://openrouter.ai/settings/keys"),
    ("perplexity", "https://www.perplexity.ai/settings/api"),
    ("togetherai", "https://api.together.ai/settings/api-keys"),
    ("xai", "https://console.x.ai"),
];

/// The page on which a provider's keys are created and revoked, if it is known.
pub fn keys_page(provider: &str) -> Option<&'static str> {
    PAGES.iter().find(|(name, _)| *name == provider).map(|(_, page)| *page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_of_a_known_provider() {
        for (name, page) in PAGES {
            assert!(crate::all().iter().any(|provider| provider.name == *name), "{name}");
            assert!(page.starts_with("https://"), "{page}");
        }
    }
}
