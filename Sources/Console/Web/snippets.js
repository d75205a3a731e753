// First requests with a key, to copy.

/** By language. `base` is the data plane's address. */
export function snippets(key, model, base) {
  const ask = JSON.stringify({ model, messages: [{ role: "user", content: "Hello!" }] });
  const name = JSON.stringify(model);
  return {
    cURL: `curl ${base}/v1/chat/completions \\
  -H "authorization: Bearer ${key}" \\
  -H "content-type: application/json" \\
  -d '${ask.replaceAll("'", "'\\''")}'`,
    Python: `from openai import OpenAI

client = OpenAI(base_url="${base}/v1", api_key="${key}")
answer = client.chat.completions.create(
    model=${name}, messages=[{"role": "user", "content": "Hello!"}])
print(answer.choices[0].message.content)`,
    Node: `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${base}/v1", apiKey: "${key}" });
const answer = await client.chat.completions.create({
  model: ${name}, messages: [{ role: "user", content: "Hello!" }] });
console.log(answer.choices[0].message.content);`,
    Swift: `import Foundation

var request = URLRequest(url: URL(string: "${base}/v1/chat/completions")!)
request.httpMethod = "POST"
request.setValue("Bearer ${key}", forHTTPHeaderField: "authorization")
request.setValue("application/json", forHTTPHeaderField: "content-type")
request.httpBody = Data(#"${ask}"#.utf8)
let (data, _) = try await URLSession.shared.data(for: request)
print(String(decoding: data, as: UTF8.self))`,
  };
}
