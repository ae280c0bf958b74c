import { chart, colours, figure, type Markup } from '@sumveil/pages';
import type { Scores95 } from '../scores.ts';

const SERIES = { alone: 'alone', federated: 'federated' };
const airlineAxis = (order: readonly string[]) => ({
  field: 'airline',
  type: 'nominal',
  sort: order,
  title: null,
  axis: { labelLimit: 0, labelFontSize: 12, grid: false, ticks: false, labelPadding: 8 },
});

/** Largest airline first: intervals grow narrower with the number of test rows. */
function bySize({ airlines }: Scores95) {
  return airlines.toSorted((a, b) => b.trainRows + b.testRows - a.trainRows - a.testRows);
}

/** Alone against federated, each with its interval; a bar marks the pooled model, a line the pooled model on all rows. */
export async function aucPlot(scores: Scores95): Promise<Markup> {
  const airlines = bySize(scores);
  const models = airlines.flatMap(({ tenant, lone, federated }) => [
    { airline: tenant, model: SERIES.alone, value: lone.value, low: lone.low, high: lone.high },
    { airline: tenant, model: SERIES.federated, value: federated.value, low: federated.low, high: federated.high },
  ]);
  const pooled = airlines.map(({ tenant, pooled: { value } }) => ({ airline: tenant, value }));
  const lowest = Math.floor(Math.min(...models.map((one) => one.low)) * 10) / 10;
  const axis = { format: '.1f', tickCount: 6 };
  const scale = { domain: [Math.min(0.5, lowest), 1], zero: false };
  const x = { field: 'value', type: 'quantitative', title: 'AUC on own test rows (0 to 1, chance 0.5)', scale, axis };
  const y = airlineAxis(airlines.map((one) => one.tenant));
  const yOffset = { field: 'model', type: 'nominal', sort: Object.values(SERIES), scale: { paddingOuter: 0.9 } };
  const color = {
    field: 'model',
    type: 'nominal',
    sort: Object.values(SERIES),
    scale: { domain: Object.values(SERIES), range: [colours.orange, colours.blue] },
    legend: {},
  };
  const shape = { ...color, scale: { domain: Object.values(SERIES), range: ['circle', 'diamond'] } };
  const reference = { values: [{ value: scores.all.pooled.value, text: 'pooled, all rows' }] };
  const drawing = await chart({
    width: 620,
    height: airlines.length * 36,
    layer: [
      {
        data: reference,
        mark: { type: 'rule', strokeDash: [5, 4], color: colours.muted },
        encoding: { x: { ...x } },
      },
      {
        data: reference,
        mark: { type: 'text', align: 'left', baseline: 'bottom', dx: 3, dy: -3, fontSize: 11, color: colours.muted },
        encoding: { x, y: { value: 0 }, text: { field: 'text' } },
      },
      {
        data: { values: models },
        mark: { type: 'rule', strokeWidth: 2 },
        encoding: { y, yOffset, color, x: { ...x, field: 'low' }, x2: { field: 'high' } },
      },
      {
        data: { values: models },
        mark: { type: 'point', filled: true, size: 75, opacity: 1 },
        encoding: { y, yOffset, color, shape, x },
      },
      {
        data: { values: pooled },
        mark: { type: 'tick', thickness: 2, color: colours.ink, bandSize: 22 },
        encoding: { y, x },
      },
    ],
  });
  const note =
    'with 95 % intervals (DeLong); the upright bar is the pooled model on the same rows; largest airline first';
  return figure({ drawing, title: 'Alone against federated', note, wide: true });
}

/** What federating added on the same rows: an interval that leaves zero out is more than chance. */
export async function gainPlot(scores: Scores95): Promise<Markup> {
  const airlines = bySize(scores);
  const values = airlines.map(({ tenant, gain }) => ({
    airline: tenant,
    value: gain.value,
    low: gain.low,
    high: gain.high,
    what: gain.low > 0 ? 'gain beyond chance' : gain.high < 0 ? 'loss beyond chance' : 'may be chance',
  }));
  const x = {
    field: 'value',
    type: 'quantitative',
    title: 'AUC federated minus AUC alone (difference)',
    axis: { format: '+.2f', tickCount: 7 },
  };
  const y = airlineAxis(airlines.map((one) => one.tenant));
  const domain = ['gain beyond chance', 'may be chance', 'loss beyond chance'];
  const color = {
    field: 'what',
    type: 'nominal',
    scale: { domain, range: [colours.blue, '#77828d', colours.orange] },
    legend: {},
  };
  const shape = { ...color, scale: { domain, range: ['diamond', 'circle', 'square'] } };
  const drawing = await chart({
    width: 620,
    height: airlines.length * 24,
    layer: [
      {
        data: { values: [{ value: 0 }] },
        mark: { type: 'rule', strokeDash: [5, 4], color: colours.muted },
        encoding: { x },
      },
      {
        data: { values },
        mark: { type: 'rule', strokeWidth: 2 },
        encoding: { y, color, x: { ...x, field: 'low' }, x2: { field: 'high' } },
      },
      {
        data: { values },
        mark: { type: 'point', filled: true, size: 75, opacity: 1 },
        encoding: { y, color, shape, x },
      },
    ],
  });
  const note = 'paired on the same test rows, with 95 % intervals (DeLong); right of zero is a gain';
  return figure({ drawing, title: 'What each airline gained', note, wide: true });
}
