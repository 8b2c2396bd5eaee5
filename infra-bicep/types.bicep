@export()
@description('A region that offers Flex Consumption.')
type regionName =
  | 'australiaeast'
  | 'australiasoutheast'
  | 'brazilsouth'
  | 'canadacentral'
  | 'centralindia'
  | 'centralus'
  | 'eastasia'
  | 'eastus'
  | 'eastus2'
  | 'francecentral'
  | 'germanywestcentral'
  | 'italynorth'
  | 'japaneast'
  | 'koreacentral'
  | 'northcentralus'
  | 'northeurope'
  | 'norwayeast'
  | 'southafricanorth'
  | 'southcentralus'
  | 'southeastasia'
  | 'southindia'
  | 'spaincentral'
  | 'swedencentral'
  | 'uaenorth'
  | 'uksouth'
  | 'ukwest'
  | 'westcentralus'
  | 'westeurope'
  | 'westus'
  | 'westus2'
  | 'westus3'

@export()
@description('Where one region keeps its tables and blobs.')
type regionStorage = {
  region: string
  tables: string
  blobs: string
}

@export()
@description('Settings of the gateway that hold no secret. Names that the gateway does not read are refused.')
@sealed()
type gatewaySettings = {
  AI21_BASE_URL: string?
  ALIBABA_BASE_URL: string?
  ANTHROPIC_BASE_URL: string?
  AZURE_BASE_URL: string?
  AZURE_OPENAI_ENDPOINT: string?
  BASETEN_BASE_URL: string?
  CEREBRAS_BASE_URL: string?
  CLOUDFLARE_ACCOUNT_ID: string?
  CLOUDFLARE_BASE_URL: string?
  COHERE_BASE_URL: string?
  DEEPINFRA_BASE_URL: string?
  DEEPSEEK_BASE_URL: string?
  FEATHERLESS_BASE_URL: string?
  FIREWORKS_BASE_URL: string?
  FRIENDLI_BASE_URL: string?
  GEMINI_BASE_URL: string?
  GITHUB_BASE_URL: string?
  GROQ_BASE_URL: string?
  HUGGINGFACE_BASE_URL: string?
  HYPERBOLIC_BASE_URL: string?
  INCEPTION_BASE_URL: string?
  LLAMACPP_BASE_URL: string?
  LMSTUDIO_BASE_URL: string?
  LOCALAI_BASE_URL: string?
  MINIMAX_BASE_URL: string?
  MISTRAL_BASE_URL: string?
  MOONSHOT_BASE_URL: string?
  NEBIUS_BASE_URL: string?
  NOVITA_BASE_URL: string?
  NVIDIA_BASE_URL: string?
  OLLAMA_BASE_URL: string?
  OPENAI_BASE_URL: string?
  OPENROUTER_BASE_URL: string?
  PERIGEE_AZURE_MONITOR: ('on' | 'off')?
  PERIGEE_AZURE_MONITOR_IDENTITY: ('on' | 'off')?
  PERIGEE_BODY_BYTES: string?
  PERIGEE_BREAKER_FAILURES: string?
  PERIGEE_BREAKER_OPEN_SECONDS: string?
  PERIGEE_CACHE: ('on' | 'off')?
  PERIGEE_CACHE_MEMORY_BYTES: string?
  PERIGEE_CACHE_TTL_SECONDS: string?
  PERIGEE_CONFIG: string?
  PERIGEE_CONNECT_SECONDS: string?
  PERIGEE_CONTENT: ('on' | 'off')?
  PERIGEE_FETCH_MEDIA: ('on' | 'off')?
  PERIGEE_FIRST_TOKEN_SECONDS: string?
  PERIGEE_HOLD_SECONDS: string?
  PERIGEE_IDLE_SECONDS: string?
  PERIGEE_LOGS: ('on' | 'off')?
  PERIGEE_LOG_FLUSH_SECONDS: string?
  PERIGEE_PROMETHEUS: ('on' | 'off')?
  PERIGEE_REQUESTS_PER_MINUTE: string?
  PERIGEE_RETRIES: string?
  PERIGEE_RETRY_BUDGET_PERCENT: string?
  PERIGEE_STRICT: ('on' | 'off')?
  PERIGEE_TOTAL_SECONDS: string?
  PERIGEE_TRACE_CONTEXT: ('on' | 'off')?
  PERIGEE_UPLOAD_BYTES: string?
  PERIGEE_USAGE: ('on' | 'off')?
  PERIGEE_USAGE_FLUSH_SECONDS: string?
  PERPLEXITY_BASE_URL: string?
  SAMBANOVA_BASE_URL: string?
  SILICONFLOW_BASE_URL: string?
  STEPFUN_BASE_URL: string?
  TOGETHER_BASE_URL: string?
  UPSTAGE_BASE_URL: string?
  VENICE_BASE_URL: string?
  VERCEL_BASE_URL: string?
  VLLM_BASE_URL: string?
  XAI_BASE_URL: string?
  ZAI_BASE_URL: string?
}
