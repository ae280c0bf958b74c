import type { RoundRow } from '../rounds.ts';
import { html, type Markup, raw } from './markup.ts';
import { metricName, metricTitle, partOf, shownMetrics } from './metric-name.ts';

/** Vega parts are loaded when the first report is asked for: they are the largest thing this process can load. */
async function svgOf(spec: object): Promise<Markup> {
  const [vega, lite] = await Promise.all([import('vega'), import('vega-lite')]);
  const compiled = lite.compile({ ...base, ...spec } as unknown as Parameters<typeof lite.compile>[0]).spec;
  const view = new vega.View(vega.parse(compiled), { renderer: 'none', logLevel: vega.Error });
  const svg = await view.toSVG();
  view.finalize();
  return raw(svg);
}

const INK = '#1c2733';
const MUTED = '#5c6b7a';
const GRID = '#e3e8ee';
/** Two series at most; both stay apart in greyscale and for colour-blind readers. */
const SERIES = ['#0b5cad', '#d1702d'];
const PHASES = ['#0b3c6f', '#2f6ea8', '#6a9fcb', '#a9c8e2', '#e0a35c', '#b5562c', '#77828d'];

const base = {
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  background: null,
  padding: 4,
  config: {
    font: 'Helvetica, Arial, sans-serif',
    view: { stroke: null },
    axis: {
      labelColor: MUTED,
      titleColor: MUTED,
      gridColor: GRID,
      domainColor: '#b8c2cc',
      tickColor: '#b8c2cc',
      labelFontSize: 11,
      titleFontSize: 11,
      titleFontWeight: 'normal',
      titlePadding: 8,
    },
    legend: {
      labelColor: INK,
      titleColor: MUTED,
      labelFontSize: 11,
      titleFontSize: 11,
      orient: 'top',
      title: null,
      symbolSize: 70,
      columnPadding: 14,
    },
  },
};

const round = (rows: readonly RoundRow[]) => ({
  field: 'round',
  type: 'ordinal',
  title: 'round',
  axis: { labelAngle: 0, labelOverlap: true, ...(rows.length > 30 ? { values: everyTenth(rows) } : {}) },
});

function everyTenth(rows: readonly RoundRow[]): number[] {
  return rows.map((row) => row.round).filter((number) => number === 1 || number % 10 === 0);
}

function figure(svg: Markup, title: string, note: string): Markup {
  return html`<figure role="img" aria-label="${title}"><figcaption><strong>${title}</strong> ${note}</figcaption>${svg}</figure>`;
}

/** One small plot for each metric; parts of one metric (train, test) share it. */
export async function convergencePlots(rounds: readonly RoundRow[]): Promise<Markup[]> {
  const shown = rounds.filter((row) => row.outcome === 'released' && (row.metrics !== null || row.metricsWithheld));
  const names = shownMetrics(shown);
  // A round without the value stays in as null, so that the line breaks there instead of bridging it.
  const points = shown.flatMap((row) =>
    names.map((name) => ({ round: row.round, ...partOf(name), value: row.metrics?.[name] ?? null })),
  );
  const metrics = [...new Set(points.map((point) => point.metric))];
  const domain = shown.map((row) => row.round);
  const plots = metrics.map(async (metric) => {
    const values = points.filter((point) => point.metric === metric);
    const parts = [...new Set(values.map((point) => point.part))];
    const svg = await svgOf({
      width: 370,
      height: 150,
      data: { values },
      encoding: {
        x: { ...round(shown), scale: { domain } },
        y: {
          field: 'value',
          type: 'quantitative',
          title: null,
          scale: { zero: false, nice: true },
          axis: { tickCount: 5, format: '~r' },
        },
        color: {
          field: 'part',
          type: 'nominal',
          scale: { range: SERIES },
          legend: parts.length > 1 ? {} : null,
        },
      },
      layer: [
        { mark: { type: 'line', strokeWidth: 2, invalid: 'break-paths-filter-domains' } },
        { mark: { type: 'point', filled: true, size: 36, opacity: 1, invalid: 'filter' } },
      ],
    });
    return figure(
      svg,
      parts.length === 1 ? metricTitle(`${parts[0]}.${metric}`) : metricName(metric),
      'over all survivors, by round',
    );
  });
  return Promise.all(plots);
}

export async function participationPlot(rounds: readonly RoundRow[]): Promise<Markup> {
  const values = rounds
    .filter((row) => row.survivors !== null)
    .flatMap((row) => [
      { round: row.round, what: 'in the sum', count: row.survivors, order: 0 },
      { round: row.round, what: 'dropped out', count: row.invited - row.survivors!, order: 1 },
    ]);
  const svg = await svgOf({
    width: 370,
    height: 150,
    data: { values },
    mark: { type: 'bar', width: { band: 0.7 } },
    encoding: {
      x: round(rounds),
      y: {
        field: 'count',
        type: 'quantitative',
        title: 'tenants',
        axis: { tickMinStep: 1, tickCount: 5, format: 'd' },
      },
      color: {
        field: 'what',
        type: 'nominal',
        scale: { domain: ['in the sum', 'dropped out'], range: SERIES },
        legend: {},
      },
      order: { field: 'order' },
    },
  });
  return figure(svg, 'Participation', 'tenants of the cohort, by round');
}

const phaseOrder = ['advertise', 'reveal', 'share', 'masked', 'consistency', 'unmask', 'sum', 'release'];

export async function durationPlot(rounds: readonly RoundRow[]): Promise<Markup> {
  const values = rounds
    .filter((row) => row.outcome === 'released')
    .flatMap((row) =>
      row.phases.map(({ phase, seconds }) => ({ round: row.round, phase, seconds, order: phaseOrder.indexOf(phase) })),
    );
  const domain = phaseOrder.filter((phase) => values.some((value) => value.phase === phase));
  const svg = await svgOf({
    width: 850,
    height: 170,
    data: { values },
    mark: { type: 'bar', width: { band: 0.7 } },
    encoding: {
      x: round(rounds),
      y: { field: 'seconds', type: 'quantitative', title: 'seconds', axis: { tickCount: 5, format: '~r' } },
      color: { field: 'phase', type: 'nominal', scale: { domain, range: PHASES }, legend: {} },
      order: { field: 'order' },
    },
  });
  return figure(
    svg,
    'Where the time of a round goes',
    'from one logged step to the next; “masked” holds the tenants’ training',
  );
}
