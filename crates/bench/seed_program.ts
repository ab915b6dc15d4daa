// What a program in TypeScript does that was written for Workhuman as the given document shows it: client id and secret
// become a bearer token, and the token tells who one is. Nothing here knows Tongshi; only the base URL leads there.
// Prints what it found as JSON for seed_programs.py.
import axios, { AxiosInstance } from "axios";

const need = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

const baseURL = need("WORKHUMAN_BASE_URL");
const account = { client_id: need("WORKHUMAN_CLIENT_ID"), client_secret: need("WORKHUMAN_CLIENT_SECRET") };

async function bearer(): Promise<string> {
  const form = new URLSearchParams({ grant_type: "client_credentials", ...account });
  const answer = await axios.post<{ access_token: string }>(`${baseURL}/oauth/token`, form, {
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
  });
  return answer.data.access_token;
}

async function refusal(fields: Record<string, string>): Promise<[number, string]> {
  const answer = await axios.post(`${baseURL}/oauth/token`, new URLSearchParams(fields), { validateStatus: () => true });
  return [answer.status, answer.data.error];
}

const api: AxiosInstance = axios.create({ baseURL, headers: { Authorization: `Bearer ${await bearer()}` } });
const me = (await api.get<{ displayName: string }>("/api/v1/users/me")).data;
const nobody = await axios.get(`${baseURL}/api/v1/users/me`, {
  headers: { Authorization: "Bearer made-up" },
  validateStatus: () => true,
});
console.log(
  JSON.stringify({
    me: me.displayName,
    wrong_secret: await refusal({ grant_type: "client_credentials", ...account, client_secret: "wrong" }),
    wrong_grant: await refusal({ grant_type: "password", ...account }),
    made_up_token: nobody.status,
  }),
);
