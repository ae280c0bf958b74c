interface MetricText {
  readonly name: string;
  /** Of the values, for axes and heads of columns. */
  readonly unit: string;
}

/** `loss` and `rmse` of a linear model are told apart from those of a classifier by `kind`. */
const texts: Record<string, MetricText> = {
  auc: { name: 'AUC', unit: '0 to 1, chance 0.5' },
  accuracy: { name: 'Accuracy', unit: 'share of rows' },
  baseRate: { name: 'Base rate', unit: 'share of rows' },
  rmse: { name: 'RMSE', unit: 'in units of the label' },
  loss: { name: 'Loss', unit: 'nats a row' },
  linearLoss: { name: 'Loss', unit: 'squared error in label ranges' },
};

/** `test.auc` → the part of the data and the metric; a name without a dot has no part. */
export function partOf(name: string): { part: string; metric: string } {
  const at = name.indexOf('.');
  return at < 0 ? { part: '', metric: name } : { part: name.slice(0, at), metric: name.slice(at + 1) };
}

export function metricText(metric: string, kind: string): MetricText {
  const key = kind === 'linear' && metric === 'loss' ? 'linearLoss' : metric;
  return texts[key] ?? { name: metric, unit: 'value' };
}

export function metricTitle(name: string): string {
  const { part, metric } = partOf(name);
  const title = texts[metric]?.name ?? metric;
  return part ? `${title} (${part})` : title;
}

/** What a metric is divided by or read against: no metrics of their own. */
const beside = new Set(['rows', 'baseRate']);

/** One that is undefined in every round says nothing. */
export function shownMetrics(rounds: readonly { metrics: Readonly<Record<string, number | null>> | null }[]): string[] {
  const names = new Set<string>();
  for (const { metrics } of rounds)
    for (const [name, value] of Object.entries(metrics ?? {}))
      if (value !== null && !beside.has(partOf(name).metric)) names.add(name);
  return [...names].toSorted(readFirst);
}

const order = ['auc', 'accuracy', 'rmse', 'loss'];

/** Test before train, ranking before accuracy before loss: what generalises is read first. */
function readFirst(a: string, b: string): number {
  const rank = (name: string) => (order.indexOf(partOf(name).metric) + order.length) % order.length;
  return Number(b.startsWith('test.')) - Number(a.startsWith('test.')) || rank(a) - rank(b) || (a < b ? -1 : 1);
}
