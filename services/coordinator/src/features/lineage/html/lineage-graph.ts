import { colours, figure, html, type Markup } from '@sumveil/pages';
import type { LineageReport } from '../report.ts';
import type { RoundRow } from '../rounds.ts';
import { consentBoxes, promotionBox, roundBox, type Text, versionBox } from './lineage-boxes.ts';

const WIDTH = 940;
const HEIGHT = 60;
/** Upper edges of the three rows: what let the run begin, its rounds, the versions they made. */
const TOP = { consent: 1, rounds: 113, versions: 211 };
const MOST_ROUNDS = 10;

interface Box extends Text {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/**
 * From the plan to this version as the log joins it: approvals bind the plan, the grant fixes the cohort, each round adds one
 * sum, each version trains on from the one before. A fixed grid of three rows needs no layout engine.
 */
export function lineageGraph(report: LineageReport): Markup {
  const rounds = shownRounds(report.rounds.filter((row) => row.outcome === 'released'));
  const cell = WIDTH / (rounds.length + 2);
  const place = (text: Text, column: number, y: number): Box => ({
    ...text,
    x: column * cell + 4,
    y,
    width: Math.min(cell - 8, 96),
  });
  const consent = consentBoxes(report).map((text, i): Box => ({ ...text, x: 1 + i * 243, y: TOP.consent, width: 209 }));
  const roundBoxes = rounds.map((row, i) => place(roundBox(row), i + 1, TOP.rounds));
  const versions = [
    place({ title: 'base', lines: ['model', report.plan.baseModelDigest.slice(7, 14)] }, 0, TOP.versions),
    ...rounds.flatMap((row, i) => {
      const text = versionBox(row, report);
      return text ? [place(text, i + 1, TOP.versions)] : [];
    }),
    place(promotionBox(report), rounds.length + 1, TOP.versions),
  ];
  const drawing = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${TOP.versions + HEIGHT + 2}" width="${WIDTH}" height="${TOP.versions + HEIGHT + 2}" font-family="Helvetica, Arial, sans-serif">
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="${colours.muted}"/></marker></defs>
${along(consent)}${fromGrant(consent.at(-1)!, roundBoxes)}${made(roundBoxes, versions)}${along(versions)}${[...consent, ...roundBoxes, ...versions].map(drawn)}
</svg>`;
  const note = 'what let the run begin, its rounds, the versions they made; “leaf” is the place in the log';
  return figure({ drawing, title: 'Lineage', note, wide: true });
}

/** Both ends of a long run; null stands for what is left out. */
function shownRounds(rounds: readonly RoundRow[]): (RoundRow | null)[] {
  if (rounds.length <= MOST_ROUNDS) return [...rounds];
  return [...rounds.slice(0, 3), null, ...rounds.slice(-(MOST_ROUNDS - 4))];
}

/** Arrows from each box of a row to the next. */
function along(boxes: readonly Box[]): Markup[] {
  return boxes.slice(1).map((to, i) => {
    const from = boxes[i]!;
    return arrow(`M${num(from.x + from.width + 2)} ${from.y + HEIGHT / 2}H${num(to.x - 3)}`);
  });
}

/** One grant lets all rounds begin. */
function fromGrant(grant: Box, rounds: readonly Box[]): Markup[] {
  const bus = TOP.rounds - 22;
  const middles = rounds.map((box) => num(box.x + box.width / 2));
  const from = num(grant.x + grant.width / 2);
  const line = html`<path d="M${from} ${grant.y + HEIGHT}V${bus}M${middles[0]} ${bus}H${Math.max(Number(from), Number(middles.at(-1)))}" fill="none" stroke="${colours.muted}" stroke-width="1.5"/>`;
  return [line, ...middles.map((x) => arrow(`M${x} ${bus}V${TOP.rounds - 3}`))];
}

/** From a round down to its version, where it made one. */
function made(rounds: readonly Box[], versions: readonly Box[]): Markup[] {
  return rounds
    .filter((round) => versions.some((version) => version.x === round.x))
    .map((round) => arrow(`M${num(round.x + round.width / 2)} ${round.y + HEIGHT + 2}V${TOP.versions - 3}`));
}

function arrow(path: string): Markup {
  return html`<path d="${path}" fill="none" stroke="${colours.muted}" stroke-width="1.5" marker-end="url(#tip)"/>`;
}

function drawn({ x, y, width, title, lines, look = 'plain' }: Box): Markup {
  const [fill, edge, thick] = looks[look];
  const dash = look === 'absent' ? html` stroke-dasharray="4 3"` : '';
  const middle = num(x + width / 2);
  const rest = lines.map(
    (line, i) =>
      html`<text x="${middle}" y="${y + 35 + 15 * i}" text-anchor="middle" font-size="11.5" fill="${colours.muted}">${line}</text>`,
  );
  return html`<g><rect x="${num(x)}" y="${y}" width="${num(width)}" height="${HEIGHT}" rx="5" fill="${fill}" stroke="${edge}" stroke-width="${thick}"${dash}/>
<text x="${middle}" y="${y + 19}" text-anchor="middle" font-size="12.5" font-weight="600" fill="${colours.ink}">${title}</text>${rest}</g>`;
}

/** Fill, edge and its width; a dropout is told by its edge on paper too. */
const looks = {
  plain: ['#ffffff', colours.axis, 1],
  this: ['#e8f1fa', colours.blue, 2],
  dropout: ['#fff6e8', colours.orange, 2],
  absent: ['#ffffff', colours.axis, 1],
} as const;

const num = (value: number): number => Math.round(value * 10) / 10;
