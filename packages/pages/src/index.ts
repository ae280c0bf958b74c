export { type ChartSpec, chart, colours, figure } from './chart.ts';
export { type Column, digest, html, type Markup, minute, raw, seconds, table, time } from './markup.ts';
export { page } from './page.ts';
