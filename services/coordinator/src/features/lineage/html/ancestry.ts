import type { LineageReport } from '../report.ts';
import { html, type Markup } from './markup.ts';

const BOX = { width: 124, height: 54, gap: 34 };
const MOST = 5;

interface Step {
  readonly title: string;
  readonly line: string;
}

/** From the plan to this version as one chain of what the log joins; long ancestries are shown by their ends. */
export function ancestryGraph(report: LineageReport): Markup {
  const short = (digest: string) => digest.replace('sha256:', '').slice(0, 10);
  const versions = report.ancestry.map((row) => ({
    title: `version ${row.version}`,
    line: `round ${row.round} · ${short(row.digest)}`,
  }));
  const shown =
    versions.length > MOST
      ? [...versions.slice(0, 2), { title: '…', line: `${versions.length - 4} versions` }, ...versions.slice(-2)]
      : versions;
  const base = { title: 'base model', line: short(report.ancestry[0]?.parentDigest ?? report.parentDigest) };
  const steps: Step[] = [base, ...shown];
  const width = steps.length * (BOX.width + BOX.gap) - BOX.gap;
  const boxes = steps.map((step, i) => box(step, i, i === steps.length - 1));
  return html`<figure class="wide" role="img" aria-label="Ancestry of this version"><figcaption><strong>Ancestry</strong> each version trains on from the one before; the sum of a round is the only thing added</figcaption>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width + 2} ${BOX.height + 2}" width="${width + 2}" height="${BOX.height + 2}" font-family="Helvetica, Arial, sans-serif">
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#5c6b7a"/></marker></defs>${boxes}</svg></figure>`;
}

function box({ title, line }: Step, i: number, last: boolean): Markup {
  const x = 1 + i * (BOX.width + BOX.gap);
  const middle = 1 + BOX.height / 2;
  const arrow =
    i === 0
      ? ''
      : html`<path d="M${x - BOX.gap + 3} ${middle}H${x - 4}" stroke="#5c6b7a" stroke-width="1.5" marker-end="url(#tip)"/>`;
  return html`${arrow}<rect x="${x}" y="1" width="${BOX.width}" height="${BOX.height}" rx="5" fill="${last ? '#e8f1fa' : '#ffffff'}" stroke="${last ? '#0b5cad' : '#b8c2cc'}"/>
<text x="${x + 10}" y="23" font-size="13" font-weight="600" fill="#1c2733">${title}</text><text x="${x + 10}" y="42" font-size="11" fill="#5c6b7a">${line}</text>`;
}
