//! The providers, sorted by name (`_` comes before letters and after digits). Only variables with secrets are included, not account names,
//! regions, hosts or paths of files. Of the variables in a line, the first one that is set counts.

use crate::{DeviceFlow, Provider, SignIn};

const GITHUB: DeviceFlow = DeviceFlow {
    client_id: "01ab8ac9400c4e429b23",
    device_code_url: "https://github.com/login/device/code",
    token_url: "https://github.com/login/oauth/access_token",
    scope: "read:user",
};

const fn at(
    name: &'static str,
    title: &'static str,
    url: &'static str,
    variables: &'static [&'static str],
) -> Provider {
    Provider { url: Some(url), ..no_fixed_url(name, title, variables) }
}

const fn no_fixed_url(name: &'static str, title: &'static str, variables: &'static [&'static str]) -> Provider {
    let sign_in = SignIn::ApiKey;
    Provider { name, aliases: &[], title, url: None, path_bound: false, variables, sign_in, device_flow: None }
}

impl Provider {
    const fn alias(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    const fn path_bound(self) -> Self {
        Self { path_bound: true, ..self }
    }

    const fn device_flow(self, flow: &'static DeviceFlow) -> Self {
        Self { sign_in: SignIn::DeviceFlow, device_flow: Some(flow), ..self }
    }

    const fn without_sign_in(self) -> Self {
        Self { sign_in: SignIn::None, ..self }
    }
}

#[rustfmt::skip]
pub static PROVIDERS: [Provider; 144] = [
    at("302ai", "302.AI", "https://api.302.ai/v1", &["302AI_API_KEY"]),
    at("abacus", "Abacus", "https://routellm.abacus.ai/v1", &["ABACUS_API_KEY"]),
    at("abliteration_ai", "abliteration.ai", "https://api.abliteration.ai/v1", &["ABLIT_KEY"]),
    at("aihubmix", "AIHubMix", "https://aihubmix.com/v1", &["AIHUBMIX_API_KEY"]),
    at("alibaba", "Alibaba", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", &["DASHSCOPE_API_KEY"])
        .alias(&["dashscope", "qwen"]),
    at("alibaba_cn", "Alibaba (China)", "https://dashscope.aliyuncs.com/compatible-mode/v1", &["DASHSCOPE_API_KEY"]),
    at("alibaba_coding_plan", "Alibaba Coding Plan", "https://coding-intl.dashscope.aliyuncs.com/v1",
        &["ALIBABA_CODING_PLAN_API_KEY"]),
    at("alibaba_coding_plan_cn", "Alibaba Coding Plan (China)", "https://coding.dashscope.aliyuncs.com/v1",
        &["ALIBABA_CODING_PLAN_API_KEY"]),
    at("alibaba_token_plan", "Alibaba Token Plan",
        "https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1", &["ALIBABA_TOKEN_PLAN_API_KEY"]),
    at("alibaba_token_plan_cn", "Alibaba Token Plan (China)",
        "https://token-plan.cn-beijing.maas.aliyuncs.com/compatible-mode/v1", &["ALIBABA_TOKEN_PLAN_API_KEY"]),
    // AWS_SECRET_ACCESS_KEY signs requests and is never sent, so it is not this kind of key.
    no_fixed_url("amazon_bedrock", "Amazon Bedrock", &["AWS_BEARER_TOKEN_BEDROCK"]).alias(&["bedrock"]),
    at("ambient", "Ambient", "https://api.ambient.xyz/v1", &["AMBIENT_API_KEY"]),
    // ANTHROPIC_AUTH_TOKEN is not included, because tools set it together with the URL of another service.
    at("anthropic", "Anthropic", "https://api.anthropic.com", &["ANTHROPIC_API_KEY"]).alias(&["claude"]),
    at("anyapi", "AnyAPI", "https://api.anyapi.ai/v1", &["ANYAPI_API_KEY"]),
    at("atomic_chat", "Atomic Chat", "http://127.0.0.1:1337/v1", &["ATOMIC_CHAT_API_KEY"]),
    at("auriko", "Auriko", "https://api.auriko.ai/v1", &["AURIKO_API_KEY"]),
    no_fixed_url("azure", "Azure", &["AZURE_API_KEY", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_KEY"])
        .alias(&["azure_openai"]),
    no_fixed_url("azure_cognitive_services", "Azure Cognitive Services", &["AZURE_COGNITIVE_SERVICES_API_KEY"]),
    at("bailing", "Bailing", "https://api.tbox.cn/api/llm/v1", &["BAILING_API_TOKEN"]),
    at("baseten", "Baseten", "https://inference.baseten.co/v1", &["BASETEN_API_KEY"]),
    at("berget", "Berget.AI", "https://api.berget.ai/v1", &["BERGET_API_KEY"]),
    at("cerebras", "Cerebras", "https://api.cerebras.ai/v1", &["CEREBRAS_API_KEY"]),
    at("chutes", "Chutes", "https://llm.chutes.ai/v1", &["CHUTES_API_KEY"]),
    at("clarifai", "Clarifai", "https://api.clarifai.com/v2/ext/openai/v1", &["CLARIFAI_PAT", "CLARIFAI_API_KEY"]),
    at("claudinio", "Claudinio", "https://api.claudin.io/v1", &["CLAUDINIO_API_KEY"]),
    at("cloudferro_sherlock", "CloudFerro Sherlock", "https://api-sherlock.cloudferro.com/openai/v1",
        &["CLOUDFERRO_SHERLOCK_API_KEY"]),
    // The path of its URL contains an account, and a gateway can pass on what it gets.
    no_fixed_url("cloudflare_ai_gateway", "Cloudflare AI Gateway", &["CLOUDFLARE_API_TOKEN", "CF_AIG_TOKEN"]),
    at("cloudflare_workers_ai", "Cloudflare Workers AI", "https://api.cloudflare.com/client/v4",
        &["CLOUDFLARE_API_KEY", "CLOUDFLARE_API_TOKEN"]),
    at("cohere", "Cohere", "https://api.cohere.com", &["COHERE_API_KEY", "CO_API_KEY"]),
    at("cortecs", "Cortecs", "https://api.cortecs.ai/v1", &["CORTECS_API_KEY"]),
    at("crof", "CrofAI", "https://crof.ai/v1", &["CROF_API_KEY"]),
    no_fixed_url("databricks", "Databricks", &["DATABRICKS_TOKEN", "DATABRICKS_API_KEY"]),
    at("deepinfra", "Deep Infra", "https://api.deepinfra.com/v1/openai",
        &["DEEPINFRA_API_KEY", "DEEPINFRA_API_TOKEN", "DEEPINFRA_TOKEN"]).alias(&["deep_infra"]),
    at("deepseek", "DeepSeek", "https://api.deepseek.com", &["DEEPSEEK_API_KEY"]),
    at("digitalocean", "DigitalOcean", "https://inference.do-ai.run/v1", &["DIGITALOCEAN_ACCESS_TOKEN"]),
    at("dinference", "DInference", "https://api.dinference.com/v1", &["DINFERENCE_API_KEY"]),
    at("drun", "D.Run (China)", "https://chat.d.run/v1", &["DRUN_API_KEY"]),
    at("evroc", "evroc", "https://models.think.evroc.com/v1", &["EVROC_API_KEY"]),
    at("fastrouter", "FastRouter", "https://go.fastrouter.ai/api/v1", &["FASTROUTER_API_KEY"]),
    at("fireworks_ai", "Fireworks AI", "https://api.fireworks.ai/inference/v1",
        &["FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY", "FIREWORKSAI_API_KEY", "FIREWORKS_AI_TOKEN"]).alias(&["fireworks"]),
    at("freemodel", "FreeModel", "https://cc.freemodel.dev/v1", &["FREEMODEL_API_KEY"]),
    at("friendli", "Friendli", "https://api.friendli.ai/serverless/v1", &["FRIENDLI_TOKEN", "FRIENDLIAI_API_KEY"]),
    at("frogbot", "FrogBot", "https://app.frogbot.ai/api/v1", &["FROGBOT_API_KEY"]),
    // Not GITHUB_TOKEN, because in CI that is the repository's token.
    at("github_copilot", "GitHub Copilot", "https://api.githubcopilot.com", &["COPILOT_GITHUB_TOKEN"])
        .alias(&["copilot"]).device_flow(&GITHUB),
    at("github_models", "GitHub Models", "https://models.github.ai/inference", &["GITHUB_TOKEN"]),
    at("gitlab", "GitLab Duo", "https://gitlab.com", &["GITLAB_TOKEN"]),
    at("gmicloud", "GMI Cloud", "https://api.gmi-serving.com/v1", &["GMICLOUD_API_KEY"]),
    at("google", "Google", "https://generativelanguage.googleapis.com",
        &["GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"]).alias(&["gemini", "google_genai"]),
    // The global endpoint. Users of a region's endpoint have to set its URL in config.toml.
    at("google_vertex", "Vertex", "https://aiplatform.googleapis.com", &["GOOGLE_VERTEX_API_KEY"])
        .alias(&["vertex", "vertex_ai", "google_vertexai"]),
    no_fixed_url("google_vertex_anthropic", "Vertex (Anthropic)", &[]),
    at("groq", "Groq", "https://api.groq.com/openai/v1", &["GROQ_API_KEY"]),
    at("helicone", "Helicone", "https://ai-gateway.helicone.ai/v1", &["HELICONE_API_KEY"]),
    at("hpc_ai", "HPC-AI", "https://api.hpc-ai.com/inference/v1", &["HPC_AI_API_KEY"]),
    at("huggingface", "Hugging Face", "https://router.huggingface.co/v1",
        &["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_API_KEY", "HUGGINGFACEHUB_API_TOKEN"])
        .alias(&["hf", "hugging_face"]),
    at("iflowcn", "iFlow", "https://apis.iflow.cn/v1", &["IFLOW_API_KEY"]),
    at("inception", "Inception", "https://api.inceptionlabs.ai/v1", &["INCEPTION_API_KEY"]),
    at("inceptron", "Inceptron", "https://api.inceptron.io/v1", &["INCEPTRON_API_KEY"]),
    at("inference", "Inference", "https://api.inference.net/v1", &["INFERENCE_API_KEY"]),
    at("io_net", "IO.NET", "https://api.intelligence.io.solutions/api/v1", &["IOINTELLIGENCE_API_KEY"]),
    at("jiekou", "Jiekou.AI", "https://api.jiekou.ai/openai", &["JIEKOU_API_KEY"]),
    at("kilo", "Kilo Gateway", "https://api.kilo.ai/api/gateway", &["KILO_API_KEY"]),
    at("kimi_for_coding", "Kimi For Coding", "https://api.kimi.com/coding/v1", &["KIMI_API_KEY"]),
    at("kuae_cloud_coding_plan", "KUAE Cloud Coding Plan", "https://coding-plan-endpoint.kuaecloud.net/v1",
        &["KUAE_API_KEY"]),
    at("lilac", "Lilac", "https://api.getlilac.com/v1", &["LILAC_API_KEY"]),
    at("llama", "Llama", "https://api.llama.com/compat/v1", &["LLAMA_API_KEY"]).alias(&["meta"]),
    at("llmgateway", "LLM Gateway", "https://api.llmgateway.io/v1", &["LLMGATEWAY_API_KEY"]),
    at("llmtr", "LLMTR", "https://llmtr.com/v1", &["LLMTR_API_KEY"]),
    at("lmstudio", "LMStudio", "http://127.0.0.1:1234/v1", &["LMSTUDIO_API_KEY", "LM_STUDIO_API_KEY"])
        .alias(&["lm_studio"]),
    at("lucidquery", "LucidQuery", "https://api.lucidquery.com/v1", &["LUCIDQUERY_API_KEY"]),
    at("meganova", "Meganova", "https://api.meganova.ai/v1", &["MEGANOVA_API_KEY"]),
    at("merge_gateway", "Merge Gateway", "https://api-gateway.merge.dev/v1", &["MERGE_GATEWAY_API_KEY"]),
    // The token plans of MiniMax and Umans have the same URLs as the services.
    at("minimax", "MiniMax (minimax.io)", "https://api.minimax.io/anthropic/v1", &["MINIMAX_API_KEY"])
        .alias(&["minimax_coding_plan"]),
    at("minimax_cn", "MiniMax (minimaxi.com)", "https://api.minimaxi.com/anthropic/v1", &["MINIMAX_API_KEY"])
        .alias(&["minimax_cn_coding_plan"]),
    at("mistral", "Mistral", "https://api.mistral.ai/v1", &["MISTRAL_API_KEY"]).alias(&["mistralai"]),
    at("mixlayer", "Mixlayer", "https://models.mixlayer.ai/v1", &["MIXLAYER_API_KEY"]),
    at("moark", "Moark", "https://moark.com/v1", &["MOARK_API_KEY"]),
    at("modelscope", "ModelScope", "https://api-inference.modelscope.cn/v1", &["MODELSCOPE_API_KEY"]),
    at("moonshotai", "Moonshot AI", "https://api.moonshot.ai/v1", &["MOONSHOT_API_KEY"]).alias(&["moonshot"]),
    at("moonshotai_cn", "Moonshot AI (China)", "https://api.moonshot.cn/v1", &["MOONSHOT_API_KEY"]),
    at("morph", "Morph", "https://api.morphllm.com/v1", &["MORPH_API_KEY"]),
    at("nano_gpt", "NanoGPT", "https://nano-gpt.com/api/v1", &["NANO_GPT_API_KEY"]).alias(&["nanogpt"]),
    at("nearai", "NEAR AI Cloud", "https://cloud-api.near.ai/v1", &["NEARAI_API_KEY"]),
    at("nebius", "Nebius Token Factory", "https://api.tokenfactory.nebius.com/v1", &["NEBIUS_API_KEY"]),
    no_fixed_url("neon", "Neon", &["NEON_AI_GATEWAY_TOKEN"]),
    at("neuralwatt", "Neuralwatt", "https://api.neuralwatt.com/v1", &["NEURALWATT_API_KEY"]),
    at("nova", "Nova", "https://api.nova.amazon.com/v1", &["NOVA_API_KEY"]),
    at("novita_ai", "NovitaAI", "https://api.novita.ai/openai", &["NOVITA_API_KEY"]).alias(&["novita"]),
    at("nvidia", "Nvidia", "https://integrate.api.nvidia.com/v1", &["NVIDIA_API_KEY", "NVIDIA_NIM_API_KEY"])
        .alias(&["nvidia_nim"]),
    at("ollama", "Ollama", "http://localhost:11434", &[]).without_sign_in(),
    at("ollama_cloud", "Ollama Cloud", "https://ollama.com/v1", &["OLLAMA_API_KEY"]),
    at("openai", "OpenAI", "https://api.openai.com/v1", &["OPENAI_API_KEY", "CODEX_API_KEY"]).alias(&["chatgpt", "gpt"]),
    at("opencode", "OpenCode Zen", "https://opencode.ai/zen/v1", &["OPENCODE_API_KEY"]).path_bound()
        .alias(&["opencode_zen"]),
    at("opencode_go", "OpenCode Go", "https://opencode.ai/zen/go/v1", &["OPENCODE_API_KEY"]).path_bound(),
    at("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", &["OPENROUTER_API_KEY", "OR_API_KEY"]),
    at("orcarouter", "OrcaRouter", "https://api.orcarouter.ai/v1", &["ORCAROUTER_API_KEY"]),
    at("ovhcloud", "OVHcloud AI Endpoints", "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1",
        &["OVHCLOUD_API_KEY", "OVH_AI_ENDPOINTS_ACCESS_TOKEN"]),
    // The agent API has the same host and key.
    at("perplexity", "Perplexity", "https://api.perplexity.ai",
        &["PERPLEXITY_API_KEY", "PPLX_API_KEY", "PERPLEXITYAI_API_KEY"]).alias(&["perplexity_agent"]),
    at("poe", "Poe", "https://api.poe.com/v1", &["POE_API_KEY"]),
    at("poolside", "Poolside", "https://inference.poolside.ai/v1", &["POOLSIDE_API_KEY"]),
    at("privatemode_ai", "Privatemode AI", "http://localhost:8080/v1", &["PRIVATEMODE_API_KEY"]),
    at("qihang_ai", "QiHang", "https://api.qhaigc.net/v1", &["QIHANG_API_KEY"]),
    at("qiniu_ai", "Qiniu", "https://api.qnaigc.com/v1", &["QINIU_API_KEY"]),
    at("regolo_ai", "Regolo AI", "https://api.regolo.ai/v1", &["REGOLO_API_KEY"]),
    at("requesty", "Requesty", "https://router.requesty.ai/v1", &["REQUESTY_API_KEY"]),
    at("routing_run", "routing.run", "https://ai.routing.sh/v1", &["ROUTING_RUN_API_KEY"]),
    at("sakana", "Sakana AI", "https://api.sakana.ai/v1", &["SAKANA_API_KEY"]),
    no_fixed_url("sap_ai_core", "SAP AI Core", &["AICORE_SERVICE_KEY"]),
    at("sarvam", "Sarvam AI", "https://api.sarvam.ai/v1", &["SARVAM_API_KEY"]),
    at("scaleway", "Scaleway", "https://api.scaleway.ai/v1", &["SCALEWAY_API_KEY"]),
    at("siliconflow", "SiliconFlow", "https://api.siliconflow.com/v1", &["SILICONFLOW_API_KEY"]),
    at("siliconflow_cn", "SiliconFlow (China)", "https://api.siliconflow.cn/v1", &["SILICONFLOW_CN_API_KEY"]),
    no_fixed_url("snowflake_cortex", "Snowflake Cortex", &["SNOWFLAKE_CORTEX_PAT"]),
    at("stackit", "STACKIT", "https://api.openai-compat.model-serving.eu01.onstackit.cloud/v1", &["STACKIT_API_KEY"]),
    at("stepfun", "StepFun", "https://api.stepfun.com/v1", &["STEPFUN_API_KEY"]),
    at("stepfun_ai", "StepFun AI", "https://api.stepfun.ai/step_plan/v1", &["STEPFUN_API_KEY"]),
    at("subconscious", "Subconscious", "https://api.subconscious.dev/v1", &["SUBCONSCIOUS_API_KEY"]),
    at("submodel", "submodel", "https://llm.submodel.ai/v1", &["SUBMODEL_INSTAGEN_ACCESS_KEY"]),
    at("synthetic", "Synthetic", "https://api.synthetic.new/openai/v1", &["SYNTHETIC_API_KEY"]),
    at("tencent_coding_plan", "Tencent Coding Plan (China)", "https://api.lkeap.cloud.tencent.com/coding/v3",
        &["TENCENT_CODING_PLAN_API_KEY"]),
    at("tencent_tokenhub", "Tencent TokenHub", "https://tokenhub.tencentmaas.com/v1", &["TENCENT_TOKENHUB_API_KEY"]),
    at("the_grid_ai", "The Grid AI", "https://api.thegrid.ai/v1", &["THEGRIDAI_API_KEY"]),
    at("tinfoil", "Tinfoil", "https://inference.tinfoil.sh/v1", &["TINFOIL_API_KEY"]),
    at("togetherai", "Together AI", "https://api.together.xyz/v1",
        &["TOGETHER_API_KEY", "TOGETHERAI_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHER_AI_TOKEN"])
        .alias(&["together", "together_ai"]),
    at("umans_ai", "Umans AI", "https://api.code.umans.ai/v1", &["UMANS_AI_API_KEY", "UMANS_AI_CODING_PLAN_API_KEY"])
        .alias(&["umans_ai_coding_plan"]),
    at("upstage", "Upstage", "https://api.upstage.ai/v1/solar", &["UPSTAGE_API_KEY"]),
    at("v0", "v0", "https://api.v0.dev/v1", &["V0_API_KEY"]),
    at("venice", "Venice AI", "https://api.venice.ai/api/v1", &["VENICE_API_KEY"]),
    at("vercel", "Vercel AI Gateway", "https://ai-gateway.vercel.sh/v1",
        &["AI_GATEWAY_API_KEY", "VERCEL_AI_GATEWAY_API_KEY"]).alias(&["vercel_ai_gateway"]),
    at("vivgrid", "Vivgrid", "https://api.vivgrid.com/v1", &["VIVGRID_API_KEY"]),
    at("vultr", "Vultr", "https://api.vultrinference.com/v1", &["VULTR_API_KEY"]),
    at("wafer_ai", "Wafer", "https://pass.wafer.ai/v1", &["WAFER_API_KEY"]).alias(&["wafer"]),
    at("wandb", "Weights & Biases", "https://api.inference.wandb.ai/v1", &["WANDB_API_KEY"]),
    at("xai", "xAI", "https://api.x.ai/v1", &["XAI_API_KEY"]).alias(&["grok"]),
    at("xiaomi", "Xiaomi", "https://api.xiaomimimo.com/v1", &["XIAOMI_API_KEY"]),
    at("xiaomi_token_plan_ams", "Xiaomi Token Plan (Europe)", "https://token-plan-ams.xiaomimimo.com/v1",
        &["XIAOMI_API_KEY"]),
    at("xiaomi_token_plan_cn", "Xiaomi Token Plan (China)", "https://token-plan-cn.xiaomimimo.com/v1",
        &["XIAOMI_API_KEY"]),
    at("xiaomi_token_plan_sgp", "Xiaomi Token Plan (Singapore)", "https://token-plan-sgp.xiaomimimo.com/v1",
        &["XIAOMI_API_KEY"]),
    at("xpersona", "Xpersona", "https://www.xpersona.co/v1", &["XPERSONA_API_KEY"]),
    at("zai", "Z.AI", "https://api.z.ai/api/paas/v4", &["ZAI_API_KEY", "ZHIPU_API_KEY"]).path_bound().alias(&["z_ai"]),
    at("zai_coding_plan", "Z.AI Coding Plan", "https://api.z.ai/api/coding/paas/v4",
        &["ZAI_API_KEY", "ZHIPU_API_KEY"]).path_bound(),
    at("zeldoc", "Zeldoc", "https://api.zeldoc.ai/v1", &["ZELDOC_API_KEY"]),
    at("zenmux", "ZenMux", "https://zenmux.ai/api/v1", &["ZENMUX_API_KEY"]),
    at("zhipuai", "Zhipu AI", "https://open.bigmodel.cn/api/paas/v4",
        &["ZHIPU_API_KEY", "ZHIPUAI_API_KEY"]).path_bound().alias(&["zhipu"]),
    at("zhipuai_coding_plan", "Zhipu AI Coding Plan", "https://open.bigmodel.cn/api/coding/paas/v4",
        &["ZHIPU_API_KEY", "ZHIPUAI_API_KEY"]).path_bound(),
];
