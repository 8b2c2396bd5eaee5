// The same small programs in the official SDKs of three vendors: node clients/dialects.mjs SDK JSON, with SDK one of openai, anthropic, google
// and JSON a list of [scenario, arguments]. Prints a list of what each saw, or of the error that it met. The SDKs point at the gateway as a
// user would point them: by base URL and key alone.
const [sdk, json] = process.argv.slice(2);
// One alone: to load all three takes most of a short run.
const { default: make } = await import(`./sdk-${sdk}.mjs`);
const scenarios = make({ url: process.env.GATEWAY_URL, key: process.env.GATEWAY_KEY });

/** The SDK's own error as data. */
function failure(error) {
  return {
    error: {
      type: error.constructor.name,
      status: error.status ?? null,
      message: error.message,
      code: error.code ?? null,
      param: error.param ?? null,
      requestId: error.requestID ?? null,
      body: error.error ?? null,
      headers: error.headers ? Object.fromEntries(error.headers.entries()) : null,
      text: error.text ?? null,
    },
  };
}

const seen = [];
for (const [scenario, given] of JSON.parse(json)) {
  try {
    seen.push(await scenarios[scenario](given));
  } catch (error) {
    seen.push(failure(error));
  }
}

process.stdout.write(JSON.stringify(seen), () => process.exit(0));
