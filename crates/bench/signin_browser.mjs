// Clicks through sign-in pages in Chromium; signin_browser.py says where and as whom, on standard input. Scripts are off:
// the pages must work without.
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const asked = JSON.parse(readFileSync(0, "utf8"));
const { hub, face, screens } = asked;
const [first, second, third] = asked.people;
const browser = await chromium.launch({ executablePath: asked.chromium, args: ["--no-sandbox"] });
let shots = 0;

const person = async (locale) => {
  const context = await browser.newContext({
    locale,
    javaScriptEnabled: false,
    viewport: { width: 420, height: 640 },
    colorScheme: locale === "zh-CN" ? "light" : "dark",
  });
  return { context, page: await context.newPage() };
};
const shot = (page, name) => page.screenshot({ path: join(screens, `${++shots}-${name}.png`), fullPage: true });
const alert = (page) => page.locator("[role=alert]").innerText();
const signIn = async (page, { login, password }) => {
  await page.fill("input[name=login]", login);
  await page.fill("input[name=password]", password);
  await page.click("button[type=submit]");
};
const authorize = (changes) => {
  const fields = {
    response_type: "code",
    app_id: face.app_id,
    redirect_uri: `${hub}/login/waiqin/callback`,
    scope: "user",
    state: "s-1",
    tenant_id: face.tenant_id,
    ...changes,
  };
  return `${face.base_url}/service/oauth/authorize?${new URLSearchParams(fields)}`;
};
const said = [];
const check = (what, is, expected) => {
  assert.match(is, expected, what);
  said.push(`${what}: ${is.replaceAll("\n", " ")}`);
};

try {
  // The whole way, in Chinese.
  const zh = await person("zh-CN");
  await zh.page.goto(`${hub}/login/waiqin?return_to=%2Flogin`);
  assert.equal(await zh.page.locator("html").getAttribute("lang"), "zh-CN");
  await shot(zh.page, "zh-sign-in");
  await signIn(zh.page, { ...first, password: "wrong" });
  check("a wrong password", await alert(zh.page), /账号或密码不正确/);
  await shot(zh.page, "zh-wrong-password");
  await signIn(zh.page, first);
  assert.equal(await zh.page.locator("h1").innerText(), "授权确认");
  await shot(zh.page, "zh-consent");
  let callback;
  zh.page.on("request", (request) => {
    if (request.url().includes("/callback?")) callback = request.url();
  });
  await zh.page.click("button[value=allow]");
  assert.equal(zh.page.url(), `${hub}/login`);
  check("signed in", await zh.page.locator("main").innerText(), new RegExp(`您已登录：${first.name}`));
  await shot(zh.page, "zh-signed-in");
  const cookie = (await zh.context.cookies()).find(({ name }) => name === "tongshi_session");
  assert.ok(cookie.httpOnly && cookie.sameSite === "Lax", "the session is for no script and no other site");

  // The same address again, here and in another browser.
  await zh.page.goto(callback);
  check("the same return again", await alert(zh.page), /已使用/);
  await shot(zh.page, "zh-used");
  const other = await person("zh-CN");
  await other.page.goto(callback);
  check("the same return in another browser", await alert(other.page), /不是在此浏览器中开始的/);

  // Signed in and agreed once: led through at once; elsewhere only who it is is asked.
  await zh.page.goto(`${hub}/login/waiqin`);
  assert.equal(zh.page.url(), `${hub}/login`);
  said.push("a second time in this browser: no question at all");
  await other.page.goto(`${hub}/login/waiqin`);
  await signIn(other.page, first);
  assert.equal(other.page.url(), `${hub}/login`);
  said.push("a second time in another browser: no question about consent");

  // Somebody else at the same browser.
  const shared = await person("zh-CN");
  await shared.page.goto(`${hub}/login/waiqin`);
  await signIn(shared.page, third);
  await shared.page.click("button[value=other]");
  await signIn(shared.page, first);
  check("another account", await shared.page.locator("main").innerText(), new RegExp(`您已登录：${first.name}`));
  await zh.page.goto(`${hub}/logout`);
  await zh.page.click("button[type=submit]");
  check("signed out", await zh.page.locator("main").innerText(), /您已安全退出/);
  await zh.page.goto(`${hub}/login`);
  check("afterwards", await zh.page.locator("main").innerText(), /您尚未登录/);

  // In English: refused by the person, then by the face.
  const en = await person("en-GB");
  await en.page.goto(`${hub}/login/waiqin`);
  assert.equal(await en.page.locator("html").getAttribute("lang"), "en");
  await shot(en.page, "en-sign-in");
  await signIn(en.page, second);
  await shot(en.page, "en-consent");
  await en.page.click("button[value=deny]");
  check("consent cancelled", await en.page.locator("main").innerText(), /You did not agree[\s\S]*access_denied/);
  await shot(en.page, "en-denied");
  for (const [what, changes, expected] of [
    ["a foreign redirect URI", { redirect_uri: "https://evil.example/" }, /unauthorized_client/],
    ["another company", { tenant_id: "1" }, /unauthorized_client/],
    ["a state of 65 bytes", { state: "x".repeat(65) }, /invalid_request/],
    ["another response type", { response_type: "token" }, /unsupported_response_type/],
    ["too wide a scope", { scope: "all" }, /invalid_scope/],
  ]) {
    await en.page.goto(authorize(changes));
    assert.match(en.page.url(), /\/oauth2\/authorize_error\.jsp\?/);
    check(what, await en.page.locator("main").innerText(), expected);
  }
  await shot(en.page, "en-refused");
  await en.page.goto(`${hub}/login/waiqin?return_to=https%3A%2F%2Fevil.example%2F`);
  check("a foreign address to return to", await alert(en.page), /not registered/);
  await en.page.goto(`${hub}/login/nowhere`);
  check("no such connection", await alert(en.page), /Nobody signs in here/);

  // With scripts, as most people have them.
  const context = await browser.newContext({ locale: "en-US" });
  const page = await context.newPage();
  await page.goto(`${hub}/login/waiqin`);
  await signIn(page, third);
  await page.click("button[value=allow]");
  check("with scripts on", await page.locator("main").innerText(), /You are signed in as/);
  await shot(page, "en-signed-in");
  console.log(said.join("\n"));
  console.log(`${shots} screenshots`);
} finally {
  await browser.close();
}
