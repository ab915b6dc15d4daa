// Verifies messages that webhooks_verify.py has kept, with the JavaScript library of Standard Webhooks: prints how many
// were taken as they are, refused altered, refused old, refused by a wrong secret.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const refused = (secret, body, headers) => {
  try {
    new Webhook(secret).verify(body, headers);
    return 0;
  } catch {
    return 1;
  }
};

const counts = [0, 0, 0, 0];
for (const { headers, body, secrets } of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  for (const secret of secrets) new Webhook(secret).verify(body, headers);
  counts[0] += 1;
  counts[1] += refused(secrets[0], body + " ", headers);
  const then = String(Number(headers["webhook-timestamp"]) - 301);
  counts[2] += refused(secrets[0], body, { ...headers, "webhook-timestamp": then });
  counts[3] += refused("whsec_" + "A".repeat(43) + "=", body, headers);
}
console.log(JSON.stringify(counts));
