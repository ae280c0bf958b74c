import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import puppeteer, { type Browser } from 'puppeteer-core';

/** What a reader's browser makes of a page that was kept as a file, with scripts off. */
export interface Seen {
  readonly errors: readonly string[];
  /** Everything that was asked for beside the file itself. */
  readonly requests: readonly string[];
  /** Width of the page in CSS pixels at each width of the window. */
  readonly widths: Readonly<Record<number, number>>;
  readonly text: string;
  readonly pdf: Uint8Array;
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** @throws Error when there is no Chromium: a page that nobody has opened is not tested */
export async function startBrowser(): Promise<Browser> {
  const found = NAMES.find((name) => spawnSync(name, ['--version']).status === 0);
  if (!found)
    throw new Error(`None of ${NAMES.join(', ')} is on PATH. Install one (Debian, as root: apt-get install chromium).`);
  const executablePath = spawnSync('/bin/sh', ['-c', `command -v ${found}`], { encoding: 'utf8' }).stdout.trim();
  // Root has no user namespace that Chromium's sandbox would accept; the pages are our own files.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return puppeteer.launch({ executablePath, headless: true, args });
}

export async function look(browser: Browser, file: string, widths: readonly number[]): Promise<Seen> {
  const page = await browser.newPage();
  const [errors, requests]: [string[], string[]] = [[], []];
  const address = pathToFileURL(file).href;
  page.on('console', (message) => errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('request', (request) => {
    if (request.url() !== address) requests.push(request.url());
  });
  await page.setJavaScriptEnabled(false);
  const seen: Record<number, number> = {};
  for (const width of widths) {
    await page.setViewport({ width, height: 900 });
    await page.goto(address, { waitUntil: 'load' });
    seen[width] = (await page.evaluate('document.documentElement.scrollWidth')) as number;
  }
  const text = (await page.evaluate('document.body.innerText')) as string;
  const pdf = await page.pdf({ preferCSSPageSize: true });
  await page.close();
  return { errors, requests, widths: seen, text, pdf };
}
