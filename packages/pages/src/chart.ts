import { html, type Markup, raw } from './markup.ts';

/** A Vega-Lite specification without what all charts have in common. */
export type ChartSpec = Readonly<Record<string, unknown>>;

/**
 * Draws a chart to SVG in this process, without a browser. Vega is loaded when the first chart is asked for: it is the largest
 * thing that most processes can load, and few do.
 */
export async function chart(spec: ChartSpec): Promise<Markup> {
  const [vega, lite] = await Promise.all([import('vega'), import('vega-lite')]);
  const compiled = lite.compile({ ...base, ...spec } as unknown as Parameters<typeof lite.compile>[0]).spec;
  const view = new vega.View(vega.parse(compiled), { renderer: 'none', logLevel: vega.Error });
  const svg = await view.toSVG();
  view.finalize();
  return raw(svg);
}

/** A drawing with its title and what it shows, in words that stand for it where it cannot be seen. */
export function figure(o: { drawing: Markup; title: string; note: string; wide?: boolean }): Markup {
  const kind = raw(o.wide ? ' class="wide"' : '');
  return html`<figure${kind}><figcaption><strong>${o.title}</strong> ${o.note}</figcaption><div class="scroll" role="img" aria-label="${o.title}: ${o.note}">${o.drawing}</div></figure>`;
}

/** The few colours of all pages: they stay apart in greyscale and for colour-blind readers. */
export const colours = {
  ink: '#1c2733',
  muted: '#5c6b7a',
  grid: '#e3e8ee',
  axis: '#b8c2cc',
  blue: '#0b5cad',
  orange: '#d1702d',
};

const base = {
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  background: null,
  padding: 4,
  config: {
    font: 'Helvetica, Arial, sans-serif',
    view: { stroke: null },
    axis: {
      labelColor: colours.muted,
      titleColor: colours.muted,
      gridColor: colours.grid,
      domainColor: colours.axis,
      tickColor: colours.axis,
      labelFontSize: 12,
      titleFontSize: 12,
      titleFontWeight: 'normal',
      titlePadding: 8,
    },
    legend: {
      labelColor: colours.ink,
      titleColor: colours.muted,
      labelFontSize: 12,
      titleFontSize: 12,
      orient: 'top',
      title: null,
      symbolSize: 70,
      labelLimit: 0,
      columnPadding: 14,
    },
  },
};
